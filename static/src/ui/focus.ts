// Where the keyboard's focus was before something opened, so that it goes back there.

/** For each open floating thing: where the focus was, and before that. */
const origins = new WeakMap<Element, readonly HTMLElement[]>();

/** Notes where the focus is now, before `layer` takes it; `anchor` stands in where nothing has it. */
export function noteFocus(layer: Element, anchor?: Element | null): void {
  const active = document.activeElement;
  const around = active?.closest("[popover], dialog, aside");
  const chain = [
    ...(active instanceof HTMLElement && active !== document.body && !layer.contains(active) ? [active] : []),
    ...(around != null && around !== layer ? (origins.get(around) ?? []) : []),
    ...(anchor instanceof HTMLElement ? [anchor] : []),
  ];
  origins.set(layer, chain);
}

/** Gives the focus back once `layer` is closed, unless it has gone elsewhere meanwhile. */
export function giveFocusBack(layer: Element): void {
  const active = document.activeElement;
  if (active !== null && active !== document.body && !layer.contains(active)) return;
  for (const origin of origins.get(layer) ?? []) {
    // A card that was moved stands elsewhere as a new element of the same id.
    const there = origin.isConnected ? origin : origin.id === "" ? null : document.getElementById(origin.id);
    if (there === null || !there.checkVisibility()) continue;
    there.focus({ preventScroll: true });
    if (document.activeElement === there) return;
  }
}
