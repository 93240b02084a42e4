// Edits of days: by hand, by range, by date; and which locked cards a new date would leave behind.
import { ulid } from "../ids";
import { addDays, daysBetween } from "../time/calendar";
import { asDate } from "./clamp";
import { compareBytes, keyAfter, nthKey, place } from "./order";
import type { Card } from "../api/projection";
import type { Cards, Days, LockedCard, LockedChoice } from "./types";
import type { Workbench } from "./workbench";

type Choices = ReadonlyMap<string, LockedChoice>;

export class DayEdits implements Days {
  readonly #bench: Workbench;
  readonly #cards: Cards;

  constructor(bench: Workbench, cards: Cards) {
    this.#bench = bench;
    this.#cards = cards;
  }

  add(after: string | null | "end" = "end"): string {
    const id = ulid(this.#bench.now());
    if (this.#days().length < this.#bench.limits().days) this.#bench.step(() => this.#put(id, after));
    else this.#bench.limited("days");
    return id;
  }

  remove(id: string): void {
    if (this.#bench.roots.days.has(id)) this.#bench.step(() => this.#bench.roots.days.delete(id));
  }

  move(id: string, after: string | null): void {
    const days = this.#days();
    const index = days.findIndex((day) => day.id === id);
    if (index < 0 || after === id || (days[index - 1]?.id ?? null) === after) return;
    this.#bench.step(() => this.#put(id, after));
  }

  pin(id: string, date: string | null): void {
    const day = this.#days().find((each) => each.id === id);
    if (!day || day.pin === date || (date !== null && asDate(date) === null)) return;
    this.#bench.step(() => this.#write(id, day.key, date));
  }

  setCount(count: number): void {
    if (this.#clamp(count) !== this.#days().length) this.#bench.step(() => this.#resize(this.#clamp(count)));
  }

  setDates(start: string | null, end: string | null, locked: Choices = new Map()): void {
    const count = start !== null && end !== null ? daysBetween(start, end) + 1 : this.#days().length;
    const moves = this.locked(start);
    this.#bench.step(() => {
      this.#resize(this.#clamp(count));
      this.#begin(start, moves, locked);
    });
  }

  shift(start: string | null, locked: Choices = new Map()): void {
    const moves = this.locked(start);
    this.#bench.step(() => this.#begin(start, moves, locked));
  }

  locked(start: string | null): readonly LockedCard[] {
    const { reader } = this.#bench;
    const now = this.#dates(reader.start());
    const then = this.#dates(start);
    const days = this.#days().map(({ id }) => id);
    return days.flatMap((day, rank) =>
      reader.column(day).flatMap(({ card }) => {
        if (!card.when?.lock || !leaves(card, now[rank], then[rank])) return [];
        const home = days.find((_, i) => then[i] === card.when?.s.slice(0, 10)) ?? null;
        return [{ card, day, home }];
      }),
    );
  }

  #begin(start: string | null, moves: readonly LockedCard[], choices: Choices): void {
    if (this.#bench.reader.start() !== start) this.#bench.roots.meta.set("start", start);
    for (const { card, home } of moves) {
      // Where no day has its date, the tray keeps it in sight.
      if (choices.get(card.id) === "move") this.#cards.move(card.id, { day: home, after: "end" });
    }
  }

  /** Behaviour 4: who extends to the same range at the same time writes the same days. */
  #resize(count: number): void {
    const days = this.#days();
    for (const { id } of days.slice(count)) this.#bench.roots.days.delete(id);
    const highest = Math.max(0, ...days.map(({ id }) => Number(/^d([1-9][0-9]{0,2})$/.exec(id)?.[1] ?? 0)));
    let last = days.at(-1)?.key ?? null;
    for (let n = highest + 1, missing = count - days.length; missing > 0; n++, missing--) {
      const key = nthKey(n - 1);
      const ord = last === null || compareBytes(last, key) < 0 ? key : keyAfter(last);
      this.#write(`d${n}`, ord, null);
      last = ord;
    }
  }

  #put(id: string, after: string | null | "end"): void {
    const days = this.#days();
    const others = days.filter((day) => day.id !== id);
    const keys = place(others, id, after === "end" ? (others.at(-1)?.id ?? null) : after);
    for (const [each, key] of keys) this.#write(each, key, days.find((day) => day.id === each)?.pin ?? null);
  }

  #write(id: string, ord: string, pin: string | null): void {
    this.#bench.roots.days.set(id, pin === null ? { ord } : { ord, pin });
  }

  #days() {
    return this.#bench.reader.days();
  }

  #dates(start: string | null): (string | null)[] {
    return this.#days().map(({ pin }, rank) => pin ?? (start === null ? null : addDays(start, rank)));
  }

  #clamp(count: number): number {
    const most = this.#bench.limits().days;
    if (count > most) this.#bench.limited("days");
    return Math.min(most, Math.max(1, Math.round(count)));
  }
}

/** It stood on its date (or the day had none), and will not any more. */
function leaves(card: Card, now: string | null | undefined, then: string | null | undefined): boolean {
  return then != null && !fits(card, then) && (now == null || fits(card, now));
}

/** A stay of several nights fits each of them. */
function fits({ when }: Card, date: string): boolean {
  if (!when) return true;
  const first = when.s.slice(0, 10);
  return first === date || (first <= date && date <= (when.e ?? when.s).slice(0, 10));
}
