/** Waits, unless a signal ends the waiting: then its reason is thrown. */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** How long to wait before the next try: twice as long each time, and not all clients at one moment. */
export function pause(tries: number, first: number, longest: number): number {
  const whole = Math.min(first * 2 ** Math.min(tries, 30), longest);
  return whole * (0.5 + Math.random() / 2);
}
