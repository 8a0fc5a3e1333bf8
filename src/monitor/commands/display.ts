/** Commands about what the guest shows. */
import { pictureToPpm } from '../../devices/display/portable-pixmap.ts';
import { askMachine } from '../ask-machine.ts';
import { type CommandEntry, defineCommand } from '../command-definition.ts';
import { MonitorError } from '../monitor-error.ts';
import { removeOutputFile, writeOutputFile } from '../output-file.ts';

export const displayCommands: readonly CommandEntry[] = [
  defineCommand('screendump', async ({ filename }, { services }) => {
    const picture = await askMachine(services, 'picture', undefined);
    if (picture === null) {
      throw new MonitorError('ERR_MONITOR_DEVICE', 'There is no QemuConsole I can screendump from.');
    }
    const failure = await writeOutputFile(services.fdSets, filename, [pictureToPpm(picture)]);
    if (failure?.step === 'open') {
      throw new MonitorError('ERR_MONITOR_FILE', `failed to open file '${filename}': ${failure.reason}`);
    }
    if (failure !== undefined) {
      removeOutputFile(filename);
      throw new MonitorError('ERR_MONITOR_FILE', `failed to write to file '${filename}': ${failure.reason}`);
    }
    return {};
  }),
];
