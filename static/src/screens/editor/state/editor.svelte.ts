// The state of one open editor: the document's pictures as runes, what is selected and open, and the intents of the screen.
import { getContext, setContext } from "svelte";
import { fromStore } from "svelte/store";
import type {
  Card,
  CardKind,
  CardPosition,
  DropTarget,
  NewCard,
  Peer,
  Person,
  Place,
  TripDocument,
} from "../../../document/types";
import { followPlaces, type PlaceZones } from "../../../time/when";
import { t } from "../../../ui/text.svelte";
import { notices } from "../../../ui/notices.svelte";
import { numberCards } from "./numbering";
import type { Gap } from "./drag";
import type { Column } from "./keyboard";
import { Dragging } from "./dragging.svelte";
import { dayColour, TRAY_COLOUR } from "./palette";
import { sameList, sameMap, sameSet, steady } from "./steady";

export type Panel = "trash" | "versions" | null;
/** What a menu opens beside: its button, or where the right click was. */
export type MenuAnchor = Element | { x: number; y: number };
export interface Menus {
  card: (id: string, at: MenuAnchor) => void;
  move: (id: string, at: MenuAnchor) => void;
}

/** Which place of which card is chosen on the map. */
export interface Picking {
  readonly card: string;
  readonly of: "place" | "to";
  /** Its sheet was open, and is opened again. */
  readonly sheet?: boolean;
}

export class Editor {
  readonly doc: TripDocument;
  /** Whose copy of the trip this is. */
  readonly person: Person;
  readonly #view;
  readonly #sync;
  readonly #role;
  readonly #kept;
  readonly #peers;
  readonly #history;

  selected: string | null = $state(null);
  /** The card whose sheet is open. */
  opened: string | null = $state(null);
  panel: Panel = $state(null);
  /** The client id whose view is followed. */
  followed: number | null = $state(null);
  cursorHidden = $state(false);
  #focused: string | null = $state(null);
  /** On a phone: the column that is shown. Undefined: the first day, or the tray where there is none. */
  column: string | null | undefined = $state();
  /** The column whose quick add is open. */
  adding: { day: string | null; kind: CardKind } | null = $state(null);
  /** The card whose place the next click on the map gives. */
  picking: Picking | null = $state.raw(null);
  /** Where the map looks: nearer places are suggested first. */
  near: { lng: number; lat: number } | null = $state.raw(null);
  /** Counts the saves made here, so that an open history reads its list again. */
  versionsChanged = $state(0);
  menus: Menus | null = null;
  #reopened: string | null = null;
  readonly dragging: Dragging;

  readonly view = $derived.by(() => this.#view.current);
  readonly trip = $derived(this.view.trip);
  readonly sync = $derived.by(() => this.#sync.current);
  /** Whether this browser keeps a copy: without one, what is not saved lives in this window alone. */
  readonly kept = $derived.by(() => this.#kept.current);
  readonly role = $derived.by(() => this.#role.current);
  readonly peers = $derived.by(() => this.#peers.current);
  readonly history = $derived.by(() => this.#history.current);
  readonly canEdit = $derived(this.role === "owner" || this.role === "editor");
  // Each card reads these: they change only when what they say does, and not with each letter or cursor of somebody.
  readonly #keep = {
    numbers: steady<ReadonlyMap<string, number>>(sameMap),
    duplicates: steady<ReadonlySet<string>>(sameSet),
    ranks: steady<ReadonlyMap<string, number>>(sameMap),
    columns: steady<readonly Column[]>((a, b) => sameList(a, b, sameColumn)),
    editing: steady<ReadonlyMap<string, Peer["user"]>>((a, b) => sameMap(a, b, sameUser)),
    dragged: steady<ReadonlyMap<string, Peer["user"]>>((a, b) => sameMap(a, b, sameUser)),
  };
  readonly numbers = $derived(this.#keep.numbers(numberCards(this.trip)));
  readonly duplicates = $derived(this.#keep.duplicates(new Set(this.view.duplicates.flat())));
  readonly #ranks = $derived(this.#keep.ranks(new Map(this.trip.days.map((day, rank) => [day.id, rank]))));
  readonly columns = $derived(
    this.#keep.columns([
      { day: null, cards: this.trip.tray.map((card) => card.id) },
      ...this.trip.days.map((day) => ({ day: day.id, cards: day.cards.map((card) => card.id) })),
    ]),
  );
  /** The first peer who has a card open, by card; and who drags it. */
  readonly editing = $derived(this.#keep.editing(firstBy(this.peers, (peer) => peer.card)));
  readonly dragged = $derived(this.#keep.dragged(firstBy(this.peers, (peer) => peer.drag)));

  /** The day that the map shows alone and the board stands at; null: all. */
  readonly focused = $derived(
    this.#focused !== null && this.#ranks.has(this.#focused) ? this.#focused : null,
  );

  readonly firstCard = $derived(this.columns.find((column) => column.cards.length > 0)?.cards[0] ?? null);

  constructor(doc: TripDocument, person: Person) {
    this.doc = doc;
    this.person = person;
    this.dragging = new Dragging(this);
    this.#view = fromStore(doc.view);
    this.#sync = fromStore(doc.sync);
    this.#role = fromStore(doc.role);
    this.#kept = fromStore(doc.kept);
    this.#peers = fromStore(doc.presence.peers);
    this.#history = fromStore(doc.history.state);
  }

  /** Goes on where the one before it stopped: the same trip, opened again. */
  resume(before: Editor): void {
    this.selected = before.selected;
    this.panel = before.panel;
    this.#focused = before.focused;
    this.column = before.column;
    if (before.opened !== null) this.#reopened = before.opened;
  }

  /** A card that was open is opened again once the trip is here. */
  resumed(): void {
    const card = this.#reopened;
    this.#reopened = null;
    if (card !== null && this.position(card)) this.open(card);
  }

  position(id: string | null): CardPosition | null {
    return id === null ? null : (this.view.cards.get(id) ?? null);
  }

  colourOf(day: string | null): string {
    const rank = day === null ? undefined : this.#ranks.get(day);
    return rank === undefined ? TRAY_COLOUR : dayColour(rank);
  }

  /** "아이디어" or "2일차". */
  columnName(day: string | null): string {
    const rank = day === null ? undefined : this.#ranks.get(day);
    return rank === undefined ? t("board.tray") : t("board.day", { n: rank + 1 });
  }

  select(id: string | null): void {
    this.selected = id;
    // A card of another day is never chosen behind a map that hides it.
    const position = this.focused === null ? null : this.position(id);
    if (position !== null && position.day !== this.focused) this.#focused = position.day;
  }

  open(id: string): void {
    this.select(id);
    this.opened = id;
    this.panel = null;
    this.doc.presence.set({ card: id });
  }

  close(): void {
    this.opened = null;
    this.doc.presence.set({ card: null, field: null });
  }

  /** Selects a card and brings it into sight, with the keyboard's focus. */
  reveal(id: string): void {
    this.select(id);
    this.column = this.position(id)?.day ?? null;
    requestAnimationFrame(() => {
      const card = document.querySelector<HTMLElement>(`[data-card="${CSS.escape(id)}"]`);
      card?.scrollIntoView({ block: "nearest", inline: "nearest" });
      card?.focus({ preventScroll: true });
    });
  }

  /** Opens the quick add of a column. */
  begin(day: string | null): void {
    if (this.canEdit) this.adding = { day, kind: "place" };
  }

  follow(client: number | null): void {
    this.followed = client;
    this.doc.presence.set({ follow: client });
  }

  hideCursor(hidden: boolean): void {
    this.cursorHidden = hidden;
    if (hidden) this.doc.presence.set({ cur: null });
  }

  /** One day, everywhere: the map shows it alone and the board goes to it. Null: all days. */
  focusDay(day: string | null): void {
    this.#focused = day;
    if (this.focused === null) return;
    this.column = this.focused;
    const lane = document.querySelector(`[data-lane="${CSS.escape(this.focused)}"]`);
    lane?.scrollIntoView({ block: "nearest", inline: "start", behavior: "smooth" });
  }

  show(panel: Panel): void {
    this.panel = panel;
    if (panel !== null && this.opened !== null) this.close();
  }

  add(card: NewCard): string {
    const id = this.doc.cards.add(card);
    if (this.position(id)) this.select(id);
    return id;
  }

  /** Drops a card into a gap of the board as it is shown. */
  drop(card: string, gap: Gap): void {
    if (!this.doc.cards.move(card, this.targetOf(gap, card))) return;
    notices.announce(t("drag.dropped", { column: this.columnName(gap.day), n: gap.index + 1 }));
  }

  targetOf(gap: Gap, card: string): DropTarget {
    const others =
      this.columns.find((column) => column.day === gap.day)?.cards.filter((id) => id !== card) ?? [];
    return { day: gap.day, after: gap.index === 0 ? null : (others[gap.index - 1] ?? "end") };
  }

  trash(id: string): void {
    const position = this.position(id);
    if (position === null) return;
    this.doc.cards.trash(id);
    if (this.opened === id) this.close();
    if (this.selected === id) this.selected = null;
    const undo = { label: t("common.undo"), run: () => this.doc.cards.restore(id) };
    notices.toast(t("card.trashed", { title: position.card.title || t("card.untitled") }), { action: undo });
  }

  /** The map comes into sight, and the next click on it is the place. */
  pickFor(picking: Picking): void {
    const sheet = this.opened === picking.card;
    if (this.opened !== null) this.close();
    this.adding = null;
    this.selected = null;
    this.picking = { ...picking, sheet };
  }

  /** Null: no place was chosen. */
  picked(place: Place | null): void {
    const { picking } = this;
    this.picking = null;
    if (picking === null) return;
    if (place !== null) this.setPlace(picking.card, picking.of, place);
    if (picking.sheet && this.position(picking.card) !== null) this.open(picking.card);
    else this.selected = picking.card;
  }

  /** The zones of a card's time follow its places, in the same step. */
  setPlace(id: string, of: "place" | "to", place: Place): void {
    const card = this.position(id)?.card;
    if (card === undefined) return;
    const next = { ...card, [of]: place };
    const when = card.when && followPlaces(card.when, this.#zonesOf(card), this.#zonesOf(next), card.kind === "stay");
    this.doc.cards.set(id, { [of]: place, when });
  }

  /** The zones of where a card starts and ends, as a new time would get them. */
  #zonesOf({ kind, place, to }: Card): PlaceZones {
    const start = place?.tz || this.trip.tz || Intl.DateTimeFormat().resolvedOptions().timeZone;
    return { start, end: (kind === "move" && to?.tz) || start };
  }

  undo(): void {
    this.#say(this.doc.history.undo(), "undo");
  }

  redo(): void {
    this.#say(this.doc.history.redo(), "redo");
  }

  /** A toast that says what was done, with the way back. */
  sayUndoable(text: string): void {
    const undo = this.doc.history.undoLater();
    const run = () => {
      const outcome = undo();
      if (outcome === "covered") notices.toast(t("history.undoCovered"));
      else this.#say(outcome, "undo");
    };
    notices.toast(text, { action: { label: t("common.undo"), run } });
  }

  #say(outcome: "done" | "nothing" | "overwritten", act: "undo" | "redo"): void {
    if (outcome === "overwritten") notices.toast(t(`history.${act}Overwritten`));
    else if (outcome === "nothing") notices.announce(t(`history.${act}Nothing`));
    else notices.announce(t(`history.${act}Done`));
  }
}

function sameColumn(before: Column, now: Column): boolean {
  return before.day === now.day && sameList(before.cards, now.cards);
}

/** With each message of a peer comes a new object of the same person. */
function sameUser(before: Peer["user"], now: Peer["user"]): boolean {
  return before.id === now.id && before.name === now.name && before.color === now.color;
}

function firstBy(
  peers: readonly Peer[],
  key: (peer: Peer) => string | null,
): ReadonlyMap<string, Peer["user"]> {
  return new Map(
    [...peers].reverse().flatMap((peer) => {
      const card = key(peer);
      return card === null ? [] : [[card, peer.user] as const];
    }),
  );
}

const KEY = Symbol("editor");

export function provideEditor(editor: Editor): Editor {
  return setContext(KEY, editor);
}

export function useEditor(): Editor {
  return getContext<Editor>(KEY);
}
