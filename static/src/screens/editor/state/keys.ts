// The keys of the editor: from a key press to the intent it stands for.
import { command, isArrow, select, type KeyFocus } from "./keyboard";
import type { Editor } from "./editor.svelte";

export interface KeyTargets {
  editor: () => Editor;
  save: () => void;
  search: () => void;
  help: () => void;
  fit: () => void;
}

export function keysOf(targets: KeyTargets): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.defaultPrevented) return;
    if (document.querySelector('dialog[open], [popover="auto"]:popover-open') !== null) return;
    const editor = targets.editor();
    const focus = focusOf(event.target);
    if (isArrow(event.key) && focus === "board" && !hasModifier(event)) return arrow(event, editor);
    const chosen = command(event, focus);
    if (chosen === null) return;
    // A button that has the focus keeps its own Enter and Space, unless it is a card.
    if ((chosen === "pick" || chosen === "open") && !onCard(event.target)) return;
    if (run(chosen, targets)) event.preventDefault();
  };
}

function arrow(event: KeyboardEvent, editor: Editor): void {
  if (!isArrow(event.key) || (!onCard(event.target) && event.target !== document.body)) return;
  event.preventDefault();
  if (editor.dragging.lifted?.by === "keyboard") return editor.dragging.carry(event.key);
  const next = select(editor.columns, editor.selected, event.key);
  if (next !== null) editor.reveal(next);
}

function run(chosen: NonNullable<ReturnType<typeof command>>, targets: KeyTargets): boolean {
  const editor = targets.editor();
  const card = editor.selected;
  const at = card === null ? null : document.querySelector(`[data-card="${CSS.escape(card)}"]`);
  switch (chosen) {
    case "undo":
      editor.undo();
      return true;
    case "redo":
      editor.redo();
      return true;
    case "save":
      targets.save();
      return true;
    case "search":
      targets.search();
      return true;
    case "help":
      targets.help();
      return true;
    case "fit":
      targets.fit();
      return true;
    case "new":
      editor.begin(editor.position(card)?.day ?? editor.trip.days[0]?.id ?? null);
      return true;
    case "leave":
      return leave(editor);
    case "pick":
      if (card !== null) editor.dragging.toggle(card);
      return card !== null;
    case "open":
    case "edit":
      if (card !== null) editor.open(card);
      return card !== null;
    case "trash":
      if (card !== null && editor.canEdit) editor.trash(card);
      return card !== null;
    case "move":
      if (card !== null && at !== null) editor.menus?.move(card, at);
      return card !== null;
  }
}

/** Esc, from the inside out: a drag, a followed view, a panel, the selection. */
function leave(editor: Editor): boolean {
  if (editor.dragging.lifted !== null) editor.dragging.cancel();
  else if (editor.followed !== null) editor.follow(null);
  else if (editor.opened !== null) editor.close();
  else if (editor.panel !== null) editor.show(null);
  else if (editor.selected !== null) editor.select(null);
  else return false;
  return true;
}

/** Inputs that hold no text: their keys are their own, but undo is the trip's. */
const SWITCHES = ["checkbox", "radio", "range", "color", "button", "submit"];

function focusOf(target: EventTarget | null): KeyFocus {
  if (!(target instanceof HTMLElement)) return "board";
  if (target.closest("[data-shared]") !== null) return "shared";
  if (target instanceof HTMLSelectElement) return "control";
  if (target instanceof HTMLInputElement) return SWITCHES.includes(target.type) ? "control" : "field";
  return target.isContentEditable || target instanceof HTMLTextAreaElement ? "field" : "board";
}

function onCard(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("[data-card]") !== null;
}

function hasModifier(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
}
