/** At most one call in `ms`; the last one always happens. */

export interface Throttled<T> {
  (value: T): void;
  /** Forget a call that waits. */
  cancel(): void;
}

export interface Clock {
  now(): number;
  after(ms: number, call: () => void): number;
  cancel(timer: number): void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => window.setTimeout(call, ms),
  cancel: (timer) => window.clearTimeout(timer),
};

export function throttled<T>(
  ms: number,
  call: (value: T) => void,
  clock: Clock = browserClock,
): Throttled<T> {
  let last = Number.NEGATIVE_INFINITY;
  let timer: number | null = null;
  let waiting: { value: T } | null = null;
  const fire = () => {
    timer = null;
    if (waiting !== null) {
      const { value } = waiting;
      waiting = null;
      last = clock.now();
      call(value);
    }
  };
  const throttle = (value: T) => {
    waiting = { value };
    const left = last + ms - clock.now();
    if (left <= 0 && timer === null) {
      fire();
    } else if (timer === null) {
      timer = clock.after(left, fire);
    }
  };
  throttle.cancel = () => {
    waiting = null;
    if (timer !== null) {
      clock.cancel(timer);
      timer = null;
    }
  };
  return throttle;
}
