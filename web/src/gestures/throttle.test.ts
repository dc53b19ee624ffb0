import { expect, it } from "vitest";
import { type Clock, throttled } from "./throttle";

class HandClock implements Clock {
  time = 0;
  #waiting: { at: number; call: () => void } | null = null;
  now(): number {
    return this.time;
  }
  after(ms: number, call: () => void): number {
    this.#waiting = { at: this.time + ms, call };
    return 1;
  }
  cancel(): void {
    this.#waiting = null;
  }
  go(ms: number): void {
    this.time += ms;
    const waiting = this.#waiting;
    if (waiting !== null && waiting.at <= this.time) {
      this.#waiting = null;
      waiting.call();
    }
  }
}

it("calls at once, then at most once in a while, and always with the last", () => {
  const clock = new HandClock();
  const calls: number[] = [];
  const call = throttled<number>(100, (value) => calls.push(value), clock);
  for (let i = 0; i < 100; i += 1) {
    call(i);
    clock.go(10);
  }
  clock.go(100);
  expect(calls.length).toBeGreaterThanOrEqual(10);
  expect(calls.length).toBeLessThanOrEqual(12);
  expect(calls[0]).toBe(0);
  expect(calls.at(-1)).toBe(99);
});

it("forgets what waits", () => {
  const clock = new HandClock();
  const calls: number[] = [];
  const call = throttled<number>(100, (value) => calls.push(value), clock);
  call(1);
  call(2);
  call.cancel();
  clock.go(1000);
  expect(calls).toEqual([1]);
});
