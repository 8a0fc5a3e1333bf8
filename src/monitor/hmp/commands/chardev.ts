/** Character devices that come and go while the machine is there. */
import { chardevFromOptions } from '../../../backends/chardev/chardev-options.ts';
import { OptionError } from '../../../options/option-error.ts';
import { parseGroupText } from '../../../options/option-group.ts';
import { findOptionGroup } from '../../../options/option-groups.ts';
import type { OptionList } from '../../../options/option-list.ts';
import { defineHumanCommand, type HumanContext } from '../command.ts';
import { HmpError } from '../hmp-error.ts';

/** Labels of all character devices, for completion. */
export function chardevLabels({ services }: HumanContext): string[] {
  return services.chardevs.list().map(({ label }) => label);
}

export const chardevAdd = defineHumanCommand({
  name: 'chardev-add',
  arguments: [{ name: 'options', kind: 'string' }],
  params: 'kind,id=ID[,key=value...]',
  help: 'create a character device, described as for -chardev',
  async run({ services, caller }, { options }) {
    const { id, values } = parseOptions(options);
    if (id === undefined) throw new HmpError('ERR_HMP_REFUSED', 'chardev: no id specified');
    const { config, mux } = chardevFromOptions(values, id, { stdioSignal: true });
    await services.chardevs.add(id, config, { caller, origin: 'command-line', mux });
    return '';
  },
});

export const chardevRemove = defineHumanCommand({
  name: 'chardev-remove',
  arguments: [{ name: 'id', kind: 'string', candidates: chardevLabels }],
  params: 'id',
  help: 'remove a character device that nothing uses',
  async run({ services, caller }, { id }) {
    await services.executeQmp('chardev-remove', { id }, caller);
    return '';
  },
});

function parseOptions(text: string): OptionList {
  try {
    return parseGroupText(findOptionGroup('chardev'), text);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new HmpError('ERR_HMP_SYNTAX', `${error.message}\nParsing chardev args failed`);
  }
}
