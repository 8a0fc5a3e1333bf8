/**
 * Resources that outlive a worker thread, such as raw descriptors opened through libc, belong to the process: when the
 * thread goes, somebody has to give them back.
 */
const callbacks = new Set<() => void>();

/**
 * Calls `callback` once when this thread ends: by an orderly stop, by an uncaught exception, or by `process.exit`. It
 * must be synchronous. It cannot run when the thread is terminated because it hangs.
 *
 * @returns a subscription; disposing of it takes the callback back
 */
export function onThreadExit(callback: () => void): Disposable {
  if (callbacks.size === 0) {
    process.once('exit', runThreadExitCallbacks);
  }
  const entry = () => callback();
  callbacks.add(entry);
  return {
    [Symbol.dispose]() {
      callbacks.delete(entry);
      if (callbacks.size === 0) {
        process.off('exit', runThreadExitCallbacks);
      }
    },
  };
}

/** Latest first, as what was opened later may lean on what was opened before. One that throws does not stop the rest. */
function runThreadExitCallbacks(): void {
  const pending = [...callbacks].reverse();
  callbacks.clear();
  for (const callback of pending) {
    try {
      callback();
    } catch (error) {
      process.emitWarning(`a thread-exit callback failed: ${error instanceof Error ? error.message : error}`);
    }
  }
}
