// Components in a page of their own for tests: mounted by Svelte itself, used as a person would.
import { createRawSnippet, flushSync, mount, unmount, type Component, type Snippet } from "svelte";

/** A component that is mounted, and how to take it away. */
export interface Mounted {
  readonly root: HTMLElement;
  /** The one element that the selector finds; an error where there is none. */
  one<Found extends HTMLElement = HTMLElement>(selector: string): Found;
  all(selector: string): HTMLElement[];
  stop(): void;
}

const mounted: Mounted[] = [];

/** Any component: generic ones and those with bindings have types that no single one covers. */
export function show(component: unknown, props: object): Mounted {
  const root = document.createElement("main");
  document.body.append(root);
  const given = props as Record<string, unknown>;
  const instance = mount(component as Component<Record<string, unknown>>, { target: root, props: given });
  flushSync();
  const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
  const one: Mounted = {
    root,
    all,
    one<Found extends HTMLElement>(selector: string): Found {
      const [found] = all(selector);
      if (found === undefined) throw new Error(`nothing is ${selector} in ${root.innerHTML}`);
      return found as Found;
    },
    stop() {
      void unmount(instance);
      root.remove();
    },
  };
  mounted.push(one);
  return one;
}

/** After each test: nothing of one is found in the next. */
export function clear(): void {
  for (const one of mounted.splice(0)) one.stop();
  document.body.replaceChildren();
}

export function markup(html: string): Snippet {
  return createRawSnippet(() => ({ render: () => html }));
}

/** A key as it is pressed; false: somebody has prevented what the browser does with it. */
export function press(target: Element, key: string, more: KeyboardEventInit = {}): boolean {
  const goesOn = target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  flushSync();
  return goesOn;
}

export function click(target: HTMLElement): void {
  target.click();
  flushSync();
}

/** Text as it stands in the field after somebody typed it; `composing`: an input method is at it. */
export function type(field: HTMLInputElement, value: string, composing = false): void {
  field.value = value;
  field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: composing }));
  flushSync();
}

export function compositionEnds(field: HTMLInputElement): void {
  field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
  flushSync();
}

/** Whether a key that is pressed here is heard by the page, where it might be a shortcut. */
export function reachesPage(act: () => void): boolean {
  let heard = false;
  const hear = () => (heard = true);
  addEventListener("keydown", hear);
  act();
  removeEventListener("keydown", hear);
  return heard;
}

/** What happy-dom lacks of the browser's popovers: they open, close, and tell both. Escape is the browser's own. */
export function withPopovers(): void {
  const open = new WeakSet<Element>();
  const tell = (element: Element, type: string, newState: "open" | "closed") =>
    element.dispatchEvent(Object.assign(new Event(type), { newState, oldState: newState === "open" ? "closed" : "open" }));
  const turn = (element: HTMLElement, newState: "open" | "closed") => {
    if (open.has(element) === (newState === "open")) return;
    tell(element, "beforetoggle", newState);
    if (newState === "open") open.add(element);
    else open.delete(element);
    flushSync();
    tell(element, "toggle", newState);
    flushSync();
  };
  Object.assign(HTMLElement.prototype, {
    showPopover(this: HTMLElement) {
      turn(this, "open");
    },
    hidePopover(this: HTMLElement) {
      turn(this, "closed");
    },
  });
  const { matches } = Element.prototype;
  Object.assign(Element.prototype, {
    matches(this: Element, selector: string) {
      return selector === ":popover-open" ? open.has(this) : matches.call(this, selector);
    },
  });
}
