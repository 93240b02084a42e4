// The state of one open editor: the document's pictures as runes, what is selected and open, and the intents of the screen.
import { getContext, setContext } from "svelte";
import { fromStore } from "svelte/store";
import type { CardKind, CardPosition, DropTarget, NewCard, Peer, Person, TripDocument } from "../../document/types";
import { t } from "../../ui/text.svelte";
import { notices } from "../../ui/notices.svelte";
import { numberCards } from "./numbering";
import type { Gap } from "./drag";
import type { Column } from "./keyboard";
import { Dragging } from "./board/dragging.svelte";
import { dayColour, TRAY_COLOUR } from "./palette";

export type Panel = "trash" | "versions" | null;
/** What a menu opens beside: its button, or where the right click was. */
export type MenuAnchor = Element | { x: number; y: number };
export interface Menus {
  card: (id: string, at: MenuAnchor) => void;
  move: (id: string, at: MenuAnchor) => void;
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
  /** The day that the map shows alone; null: all. */
  focused: string | null = $state(null);
  /** On a phone: the column that is shown. Undefined: the first day, or the tray where there is none. */
  column: string | null | undefined = $state();
  /** The column whose quick add is open. */
  adding: { day: string | null; kind: CardKind } | null = $state(null);
  /** Where the map looks: nearer places are suggested first. */
  near: { lng: number; lat: number } | null = $state.raw(null);
  /** Counts the saves made here, so that an open history reads its list again. */
  versionsChanged = $state(0);
  menus: Menus | null = null;
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
  readonly numbers = $derived(numberCards(this.trip));
  readonly duplicates = $derived(new Set(this.view.duplicates.flat()));
  readonly #ranks = $derived(new Map(this.trip.days.map((day, rank) => [day.id, rank])));
  readonly columns: Column[] = $derived([
    { day: null, cards: this.trip.tray.map((card) => card.id) },
    ...this.trip.days.map((day) => ({ day: day.id, cards: day.cards.map((card) => card.id) })),
  ]);

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

  /** The peer who has this card open or drags it. */
  peerOn(card: string): Peer | undefined {
    return this.peers.find((peer) => peer.card === card || peer.drag === card);
  }

  select(id: string | null): void {
    this.selected = id;
  }

  open(id: string): void {
    this.selected = id;
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
    this.selected = id;
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

  focusDay(day: string | null): void {
    this.focused = this.focused === day ? null : day;
  }

  show(panel: Panel): void {
    this.panel = panel;
    if (panel !== null && this.opened !== null) this.close();
  }

  add(card: NewCard): string {
    const id = this.doc.cards.add(card);
    this.selected = id;
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

  undo(): void {
    this.#say(this.doc.history.undo(), "undo");
  }

  redo(): void {
    this.#say(this.doc.history.redo(), "redo");
  }

  #say(outcome: "done" | "nothing" | "overwritten", act: "undo" | "redo"): void {
    if (outcome === "overwritten") notices.toast(t(`history.${act}Overwritten`));
    else if (outcome === "nothing") notices.announce(t(`history.${act}Nothing`));
    else notices.announce(t(`history.${act}Done`));
  }
}

const KEY = Symbol("editor");

export function provideEditor(editor: Editor): Editor {
  return setContext(KEY, editor);
}

export function useEditor(): Editor {
  return getContext<Editor>(KEY);
}
