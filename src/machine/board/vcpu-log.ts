/** What the vCPUs of a machine log, and the file that it goes to. */
import { closeSync, openSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import { LOG_NOTHING, type LogSettings } from '../../vcpu/log-items.ts';
import { GuestError } from '../guest/guest-error.ts';

export class VcpuLog {
  #settings = LOG_NOTHING;
  #hasBegun = false;

  /** @throws GuestError ERR_GUEST_LOG if the file cannot be written */
  constructor(settings: LogSettings) {
    this.change(settings);
  }

  get settings(): LogSettings {
    return this.#settings;
  }

  /**
   * Replaces what is given. The first file that something is logged to is emptied, as the reference does; others are appended to.
   * @throws GuestError ERR_GUEST_LOG if the file cannot be written; then nothing has changed
   */
  change(change: Partial<LogSettings>): LogSettings {
    const settings = { ...this.#settings, ...change };
    if (settings.items.length > 0 && settings.file !== undefined) this.#begin(settings.file);
    this.#settings = settings;
    return settings;
  }

  #begin(file: string): void {
    try {
      closeSync(openSync(file, this.#hasBegun ? 'a' : 'w'));
      this.#hasBegun = true;
    } catch (error) {
      const { errno } = error as NodeJS.ErrnoException;
      const reason = errno === undefined ? String(error) : getSystemErrorMessage(errno);
      throw new GuestError('ERR_GUEST_LOG', `Could not open log file '${file}': ${reason}`, { cause: error });
    }
  }
}
