// Reads a trip document into its projection by the reading rules; remembers what it read, so that a change costs what changed.
import * as Y from "yjs";
import { addDays } from "../time/calendar";
import { onDay } from "../time/when";
import * as clamp from "./clamp";
import { compareKeyed, type Keyed } from "./order";
import type { Card, Day, Projection } from "../api/projection";
import { asSharedMap, asSharedText, dayNote, dayTitle, plain, rootsOf, type Roots } from "./schema";

const { MAX } = clamp;

/** Who put a card into the trash, and when. */
export interface Deleted {
  readonly by: string;
  readonly at: number;
}

/** A card as it stands in the document, apart from the days around it. */
export interface StoredCard extends Keyed {
  readonly card: Card;
  /** As written; the day may be gone. */
  readonly day: string | null;
  readonly deleted: Deleted | null;
}

/** Yjs's own type for the events of a deep observer. */
type DeepEvents = Parameters<Parameters<Y.Map<unknown>["observeDeep"]>[0]>[0];

interface StoredDay extends Keyed {
  readonly pin: string | null;
}

/** The projection of a document as it is now. */
export function project(doc: Y.Doc): Projection {
  return new TripReader(doc).projection();
}

export class TripReader {
  readonly #doc: Y.Doc;
  readonly #roots: Roots;
  readonly #cards = new Map<string, StoredCard>();
  /** A card with the other value of `lost`, so that its identity lasts. */
  readonly #lost = new WeakMap<Card, Card>();
  /** A card on the date of its day (rule 6), likewise. */
  readonly #dated = new WeakMap<Card, { readonly date: string; readonly card: Card }>();
  /** The dates from `start` on, as far as they were asked for. */
  #calendar: { readonly start: string; readonly dates: (string | null)[] } | null = null;
  #stale: Set<string> | "all" = "all";
  #last: Projection | null = null;

  constructor(doc: Y.Doc) {
    this.#doc = doc;
    this.#roots = rootsOf(doc);
  }

  /** Calls `changed` after each transaction that touched what is read here, with its origin. */
  watch(changed: (origin: unknown) => void): () => void {
    const onCards = (events: DeepEvents) => {
      for (const event of events) this.#forget(event);
    };
    const onTransaction = (transaction: Y.Transaction) => {
      if (transaction.changed.size > 0) changed(transaction.origin);
    };
    this.#roots.cards.observeDeep(onCards);
    this.#doc.on("afterTransaction", onTransaction);
    return () => {
      this.#roots.cards.unobserveDeep(onCards);
      this.#doc.off("afterTransaction", onTransaction);
    };
  }

  /** A card was written in a transaction that is not over: the next read must see it. */
  touch(id: string): void {
    if (this.#stale !== "all") this.#stale.add(id);
  }

  #forget(event: DeepEvents[number]): void {
    if (this.#stale === "all") return;
    const [id] = event.path;
    if (typeof id === "string") this.#stale.add(id);
    else for (const key of event.changes.keys.keys()) this.#stale.add(key);
  }

  /** Every readable card, also those in the trash. */
  cards(): ReadonlyMap<string, StoredCard> {
    const stale = this.#stale === "all" ? this.#roots.cards.keys() : this.#stale;
    if (this.#stale === "all") this.#cards.clear();
    for (const id of stale) {
      const card = readCard(id, this.#roots.cards.get(id));
      if (card) this.#cards.set(id, card);
      else this.#cards.delete(id);
    }
    this.#stale = new Set();
    return this.#cards;
  }

  /** The days in order. */
  days(): readonly StoredDay[] {
    const days: StoredDay[] = [];
    for (const id of this.#roots.days.keys()) {
      const fields = clamp.asFields(plain(this.#roots.days, id));
      if (!fields) continue;
      const { ord, pin } = fields;
      days.push({ id, key: typeof ord === "string" ? ord : "", pin: clamp.asDate(pin) });
    }
    return days.sort(compareKeyed);
  }

  start(): string | null {
    return clamp.asDate(plain(this.#roots.meta, "start"));
  }

  /** The visible cards of a column, in order; null is the tray with the lost ones. */
  column(day: string | null): StoredCard[] {
    return this.#columns(new Set(this.days().map(({ id }) => id))).get(day) ?? [];
  }

  /** A card as it is rendered: on the date of its day. */
  rendered(id: string): Card | null {
    const stored = this.cards().get(id);
    if (!stored) return null;
    const rank = this.days().findIndex((day) => day.id === stored.day);
    const day = this.days()[rank];
    return day ? this.#asDated(stored.card, this.#dateOf(day, rank, this.start())) : stored.card;
  }

  projection(): Projection {
    const stored = this.days();
    const columns = this.#columns(new Set(stored.map(({ id }) => id)));
    const start = this.start();
    const before = new Map(this.#last?.days.map((day) => [day.id, day]));
    const days = stored.map((day, rank): Day => {
      const { id } = day;
      const date = this.#dateOf(day, rank, start);
      const read: Day = {
        id,
        date,
        title: clamp.clampText(dayTitle(this.#doc, id).toString(), MAX.dayTitle),
        note: clamp.clampText(dayNote(this.#doc, id).toString(), MAX.dayNote),
        cards: shared(
          before.get(id)?.cards,
          (columns.get(id) ?? []).map(({ card }) => this.#asDated(card, date)),
        ),
      };
      return sameDay(before.get(id), read);
    });
    const tray = this.#asTray(columns.get(null) ?? [], this.#last?.tray);
    this.#last = { v: 1, ...this.#head(start), days: shared(this.#last?.days, days), tray };
    return this.#last;
  }

  #head(start: string | null): Omit<Projection, "v" | "days" | "tray"> {
    const { title, desc, meta } = this.#roots;
    return {
      title: clamp.clampText(title.toString(), MAX.title),
      desc: clamp.clampText(desc.toString(), MAX.desc),
      start,
      tz: clamp.asText(plain(meta, "tz")),
      cur: clamp.asText(plain(meta, "cur")),
      cover: clamp.asText(plain(meta, "cover")),
      color: clamp.asColor(plain(meta, "color")),
    };
  }

  #columns(days: ReadonlySet<string>): Map<string | null, StoredCard[]> {
    const columns = new Map<string | null, StoredCard[]>();
    for (const stored of this.cards().values()) {
      if (stored.deleted) continue;
      const day = stored.day !== null && days.has(stored.day) ? stored.day : null;
      const column = columns.get(day);
      if (column) column.push(stored);
      else columns.set(day, [stored]);
    }
    for (const column of columns.values()) column.sort(compareKeyed);
    return columns;
  }

  /** In the tray, a card that names a day has lost it. */
  #asTray(column: readonly StoredCard[], before: readonly Card[] | undefined): readonly Card[] {
    const cards = column.map(({ card, day }) => (day !== null ? this.#asLost(card) : card));
    return shared(before, cards);
  }

  #asDated(card: Card, date: string | null): Card {
    if (!card.when || date === null) return card;
    const known = this.#dated.get(card);
    if (known?.date === date) return known.card;
    const when = onDay(card.when, date);
    const dated = when === card.when ? card : { ...card, when };
    this.#dated.set(card, { date, card: dated });
    return dated;
  }

  /** Rule 4. */
  #dateOf({ pin }: StoredDay, rank: number, start: string | null): string | null {
    if (pin !== null || start === null) return pin;
    if (this.#calendar?.start !== start) this.#calendar = { start, dates: [] };
    const { dates } = this.#calendar;
    for (let next = dates.length; next <= rank; next++) dates.push(addDays(start, next));
    return dates[rank] ?? null;
  }

  #asLost(card: Card): Card {
    const known = this.#lost.get(card);
    if (known) return known;
    const lost = { ...card, lost: true };
    this.#lost.set(card, lost);
    return lost;
  }
}

function readCard(id: string, value: unknown): StoredCard | null {
  const fields = asSharedMap(value);
  const kind = clamp.asKind(fields && plain(fields, "kind"));
  if (!fields || !kind) return null;
  const { day, key } = clamp.asAt(plain(fields, "at"));
  const card: Card = {
    id,
    kind,
    title: clamp.clampText(asSharedText(fields.get("title"))?.toString() ?? "", MAX.cardTitle),
    note: clamp.clampText(asSharedText(fields.get("note"))?.toString() ?? "", MAX.cardNote),
    place: clamp.asPlace(plain(fields, "place")),
    to: clamp.asPlace(plain(fields, "to")),
    when: clamp.asWhen(plain(fields, "when")),
    dur: clamp.asMinutes(plain(fields, "dur")),
    status: clamp.asStatus(plain(fields, "status")),
    link: clamp.asLink(plain(fields, "link")),
    est: clamp.asEstimate(plain(fields, "est")),
    icon: clamp.asText(plain(fields, "icon")),
    color: clamp.asColor(plain(fields, "color")),
    alt: clamp.asText(plain(fields, "alt")),
    lost: false,
  };
  return { id, key, day, card, deleted: readDeleted(fields.get("del")) };
}

/** Anything but null and absence is a deletion (rule 1). */
function readDeleted(value: unknown): Deleted | null {
  if (value === null || value === undefined) return null;
  const fields = clamp.asFields(value);
  const [by, ts] = [fields?.["by"], fields?.["ts"]];
  return { by: typeof by === "string" ? by : "", at: typeof ts === "number" && Number.isFinite(ts) ? ts : 0 };
}

/** The old list where nothing in it changed. */
function shared<T>(before: readonly T[] | undefined, now: readonly T[]): readonly T[] {
  const same = before?.length === now.length && before.every((item, i) => item === now[i]);
  return same && before ? before : now;
}

function sameDay(before: Day | undefined, now: Day): Day {
  if (!before) return now;
  const same =
    before.date === now.date &&
    before.title === now.title &&
    before.note === now.note &&
    before.cards === now.cards;
  return same ? before : now;
}
