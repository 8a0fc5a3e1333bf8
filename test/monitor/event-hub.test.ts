import test from 'ava';
import { EventHub, type QmpEvent } from '../../src/monitor/event-hub.ts';
import { FakeClock } from './support/fake-clock.ts';

function listen(): { hub: EventHub; clock: FakeClock; seen: () => string[] } {
  const clock = new FakeClock();
  const hub = new EventHub(clock);
  let events: QmpEvent[] = [];
  hub.subscribe((event) => events.push(event));
  return {
    hub,
    clock,
    /** What came since the last call: `NAME member@milliseconds`. */
    seen: () => {
      const texts = events.map(
        ({ event, data, seconds, microseconds }) =>
          `${event} ${Object.values(data ?? {}).join()}@${(seconds - 1000) * 1000 + microseconds / 1000}`,
      );
      events = [];
      return texts;
    },
  };
}

test('the first passes at once, the newest of a window at its end with its own stamp', (t) => {
  const { hub, clock, seen } = listen();
  hub.raise('RTC_CHANGE', { offset: 1 });
  t.deepEqual(seen(), ['RTC_CHANGE 1@0']);
  clock.advance(100);
  hub.raise('RTC_CHANGE', { offset: 2 });
  clock.advance(100);
  hub.raise('RTC_CHANGE', { offset: 3 });
  clock.advance(799);
  t.deepEqual(seen(), []);
  clock.advance(1);
  t.deepEqual(seen(), ['RTC_CHANGE 3@200']);
});

test('the end of a window that held an event opens the next', (t) => {
  const { hub, clock, seen } = listen();
  hub.raise('WATCHDOG', { action: 'reset' });
  hub.raise('WATCHDOG', { action: 'pause' });
  clock.advance(1000);
  t.deepEqual(seen(), ['WATCHDOG reset@0', 'WATCHDOG pause@0']);
  clock.advance(500);
  hub.raise('WATCHDOG', { action: 'none' });
  t.deepEqual(seen(), []);
  clock.advance(500);
  t.deepEqual(seen(), ['WATCHDOG none@1500']);
});

test('a window in which nothing came closes: the next event passes at once, and no timer is left', (t) => {
  const { hub, clock, seen } = listen();
  hub.raise('BALLOON_CHANGE', { actual: 1 });
  clock.advance(1000);
  t.is(clock.timers, 0);
  clock.advance(5);
  hub.raise('BALLOON_CHANGE', { actual: 2 });
  t.deepEqual(seen(), ['BALLOON_CHANGE 1@0', 'BALLOON_CHANGE 2@1005']);
});

test('names are limited one by one, and the others not at all', (t) => {
  const { hub, seen } = listen();
  hub.raise('RTC_CHANGE', { offset: 1 });
  hub.raise('BALLOON_CHANGE', { actual: 1 });
  for (let i = 0; i < 3; i += 1) {
    hub.raise('STOP');
  }
  t.deepEqual(seen(), ['RTC_CHANGE 1@0', 'BALLOON_CHANGE 1@0', 'STOP @0', 'STOP @0', 'STOP @0']);
});

test('nothing comes after the listener or the hub is gone', (t) => {
  const { hub, clock, seen } = listen();
  const second: string[] = [];
  const subscription = hub.subscribe(({ event }) => second.push(event));
  subscription[Symbol.dispose]();
  hub.raise('RTC_CHANGE', { offset: 1 });
  hub.raise('RTC_CHANGE', { offset: 2 });
  hub.close();
  clock.advance(5000);
  t.deepEqual(seen(), ['RTC_CHANGE 1@0']);
  t.deepEqual(second, []);
});
