// What lies over a page (dialogs, popovers, menus, toasts): where the focus goes, what closes it, what it says of itself.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { flushSync } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import Confirm from "./Confirm.svelte";
import Dialog from "./Dialog.svelte";
import Menu from "./Menu.svelte";
import Notices from "./Notices.svelte";
import { notices } from "./notices.svelte";
import Popover from "./Popover.svelte";
import { clear, click, markup, press, reachesPage, show, withPopovers } from "./mounted.test-support";

beforeAll(withPopovers);
beforeEach(() => {
  // Nothing is laid out here, so nothing counts as visible by itself.
  vi.spyOn(Element.prototype, "checkVisibility").mockReturnValue(true);
});
afterEach(() => {
  clear();
  notices.toasts = [];
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Properties that a component writes to as `bind:open` does. */
function bound<Props extends object>(props: Props): Props & { open: boolean } {
  const state = new SvelteMap([["open", false]]);
  return Object.defineProperty({ ...props, open: false }, "open", {
    enumerable: true,
    get: () => state.get("open") ?? false,
    set: (open: boolean) => state.set("open", open),
  });
}

/** A button that has the focus, as what somebody has just pressed. */
function pressed(attributes: Record<string, string> = {}): HTMLButtonElement {
  const button = document.createElement("button");
  for (const [name, value] of Object.entries(attributes)) button.setAttribute(name, value);
  document.body.append(button);
  button.focus();
  return button;
}

function turn(props: { open: boolean }, open: boolean): void {
  props.open = open;
  flushSync();
}

describe("a dialog", () => {
  const dialog = (more: object = {}) => {
    const props = bound({ title: "Rename", children: markup("<input>"), ...more });
    const page = show(Dialog, props);
    return { props, page, element: page.one<HTMLDialogElement>("dialog") };
  };

  it("shows what is in it only while it is open, under its title and hint", () => {
    const { props, page, element } = dialog({ hint: "For everybody" });
    expect([element.open, page.all("input")]).toEqual([false, []]);
    turn(props, true);
    expect(element.open).toBe(true);
    const said = (name: string) => document.getElementById(element.getAttribute(name) ?? "")?.textContent;
    expect([said("aria-labelledby"), said("aria-describedby")]).toEqual(["Rename", "For everybody"]);
    expect(dialog().element.hasAttribute("aria-describedby")).toBe(false);
  });

  it.each([
    ["its cross", (element: HTMLDialogElement) => click(element.querySelector("header button") as HTMLElement)],
    ["a press beside it", (element: HTMLDialogElement) => element.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }))],
    ["Escape, which is the browser's close", (element: HTMLDialogElement) => element.close()],
  ])("is closed by %s, tells it once, and gives the focus back", (_, close) => {
    const button = pressed();
    const onclose = vi.fn();
    const { props, element } = dialog({ onclose });
    turn(props, true);
    element.querySelector("input")?.focus();
    close(element);
    flushSync();
    expect([props.open, element.open]).toEqual([false, false]);
    expect(onclose).toHaveBeenCalledOnce();
    expect(document.activeElement).toBe(button);
  });

  it("stays open for a press inside", () => {
    const { props, element } = dialog();
    turn(props, true);
    element.querySelector("input")?.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    flushSync();
    expect(props.open).toBe(true);
  });

  it("keeps its keys to itself: none is a shortcut of the page below", () => {
    const { props, element } = dialog();
    turn(props, true);
    const input = element.querySelector("input") as HTMLElement;
    expect(reachesPage(() => press(input, "Delete"))).toBe(false);
  });
});

describe("a question before what can't be taken back", () => {
  const confirm = (run: () => Promise<unknown>) => {
    const props = bound({ title: "Delete?", text: "It is gone for good", act: "Delete", run });
    const page = show(Confirm, props);
    turn(props, true);
    return { props, page };
  };

  it("offers the way out first, and does nothing where it is taken", () => {
    const run = vi.fn(() => Promise.resolve());
    const { props, page } = confirm(run);
    const buttons = page.all("footer button");
    expect(buttons.map(({ dataset }) => dataset["testid"])).toEqual(["confirm-no", "confirm-yes"]);
    expect(document.activeElement).toBe(buttons[0]);
    click(buttons[0] as HTMLElement);
    expect([props.open, run.mock.calls.length]).toEqual([false, 0]);
  });

  it("does it once, is busy meanwhile, and closes when it is done", async () => {
    let done: () => void = () => undefined;
    const run = vi.fn(() => new Promise<void>((resolve) => (done = resolve)));
    const { props, page } = confirm(run);
    const yes = page.one<HTMLButtonElement>("[data-testid=confirm-yes]");
    click(yes);
    click(yes);
    expect([run.mock.calls.length, yes.disabled, props.open]).toEqual([1, true, true]);
    done();
    await vi.waitFor(() => expect(props.open).toBe(false));
  });
});

describe("a popover", () => {
  const popover = () => {
    const props = bound({ id: "dates", label: "Dates", children: markup("<p><b>a</b><input><button>b</button></p>") });
    const page = show(Popover, props);
    return { props, page, panel: page.one("#dates") };
  };

  it("says what it is, and shows what is in it only while it is open", () => {
    const { props, page, panel } = popover();
    expect(["role", "aria-label", "popover"].map((name) => panel.getAttribute(name))).toEqual(["dialog", "Dates", "auto"]);
    expect(page.all("input")).toEqual([]);
    panel.showPopover();
    expect([props.open, page.all("input").length]).toEqual([true, 1]);
  });

  it("takes the focus to the first thing that can be used, and gives it back when it is closed", () => {
    const button = pressed({ popovertarget: "dates" });
    const { props, page, panel } = popover();
    panel.showPopover();
    expect(document.activeElement).toBe(page.one("input"));
    panel.hidePopover();
    expect([props.open, document.activeElement]).toEqual([false, button]);
  });

  it("leaves the focus where it has gone meanwhile", () => {
    pressed({ popovertarget: "dates" });
    const { panel } = popover();
    panel.showPopover();
    const elsewhere = pressed();
    panel.hidePopover();
    expect(document.activeElement).toBe(elsewhere);
  });
});

describe("a menu", () => {
  const ITEMS = ["Move", "Copy", "Colour", "Delete"];
  const menu = () => {
    const chosen = vi.fn();
    const items = ITEMS.map((text) => `<button role="menuitem" tabindex="-1">${text}</button>`).join("");
    const disabled = '<button role="menuitem" disabled>Unlock</button>';
    const props = bound({ id: "card", label: "Card", children: markup(`<div>${items}${disabled}</div>`) });
    const page = show(Menu, props);
    const panel = page.one("#card");
    panel.showPopover();
    flushSync();
    for (const item of page.all("[role=menuitem]")) item.addEventListener("click", () => chosen(item.textContent));
    const focused = () => document.activeElement?.textContent;
    const pressKey = (key: string) => press(document.activeElement ?? panel, key);
    return { props, page, panel, chosen, focused, pressKey };
  };

  it("is one to the ear, and begins at its first item", () => {
    const { panel, focused } = menu();
    expect([panel.getAttribute("role"), panel.getAttribute("aria-label"), focused()]).toEqual(["menu", "Card", "Move"]);
  });

  it("is walked by the arrows, round its ends, past what is disabled", () => {
    const { focused, pressKey } = menu();
    const walked = ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Home", "End"].map((key) => {
      expect(pressKey(key)).toBe(false);
      return focused();
    });
    expect(walked).toEqual(["Copy", "Colour", "Delete", "Move", "Delete", "Move", "Delete"]);
  });

  it("goes to what begins with the letter that is pressed, one after the other", () => {
    const { focused, pressKey } = menu();
    expect(["c", "c", "c", "d"].map((key) => (pressKey(key), focused()))).toEqual(["Copy", "Colour", "Copy", "Delete"]);
  });

  it("keeps its keys to itself, and closes for Tab, which goes on", () => {
    const { props, panel, pressKey } = menu();
    expect(reachesPage(() => pressKey("ArrowDown"))).toBe(false);
    expect(reachesPage(() => expect(press(panel, "Tab")).toBe(true))).toBe(false);
    expect(props.open).toBe(false);
  });

  it("closes when something is chosen, and for nothing else in it", () => {
    const { props, page, chosen } = menu();
    click(page.one(".list"));
    expect(props.open).toBe(true);
    click(page.all("[role=menuitem]")[1] as HTMLElement);
    expect([props.open, chosen.mock.calls]).toEqual([false, [["Copy"]]]);
  });

  it("gives the focus back to what it was opened at", () => {
    const card = document.createElement("button");
    document.body.append(card);
    const { panel } = menu();
    panel.hidePopover();
    card.focus();
    panel.showPopover();
    panel.hidePopover();
    expect(document.activeElement).toBe(card);
  });
});

describe("toasts", () => {
  it("are read out without taking the focus, and closed one by one", () => {
    const button = pressed();
    const page = show(Notices, {});
    notices.toast("Saved");
    notices.toast("Not sent", { tone: "bad" });
    flushSync();
    const list = page.one("[data-testid=toasts]");
    expect([list.getAttribute("role"), list.getAttribute("aria-live"), list.matches(":popover-open")]).toEqual(["status", "polite", true]);
    expect(page.all("[data-testid=toast] span").map(({ textContent }) => textContent)).toEqual(["Saved", "Not sent"]);
    expect(document.activeElement).toBe(button);
    click(page.one("[data-testid=toast] .close"));
    expect(page.all("[data-testid=toast] span").map(({ textContent }) => textContent)).toEqual(["Not sent"]);
    click(page.one("[data-testid=toast] .close"));
    expect(list.matches(":popover-open")).toBe(false);
  });

  it("do the one thing that they offer, and are gone", () => {
    const page = show(Notices, {});
    const run = vi.fn();
    notices.toast("Moved to the trash", { action: { label: "Undo", run } });
    flushSync();
    click(page.one("[data-testid=toast] .action"));
    expect([run.mock.calls.length, page.all("[data-testid=toast]").length]).toEqual([1, 0]);
  });

  it("go by themselves, later where there is something to do, and never are many", () => {
    vi.useFakeTimers();
    const page = show(Notices, {});
    const texts = () => (flushSync(), page.all("[data-testid=toast] span").map(({ textContent }) => textContent));
    notices.toast("with", { action: { label: "Undo", run: () => undefined } });
    notices.toast("without");
    vi.advanceTimersByTime(9_000);
    expect(texts()).toEqual(["with"]);
    vi.advanceTimersByTime(2_000);
    expect(texts()).toEqual([]);
    for (const text of ["1", "2", "3", "4"]) notices.toast(text);
    expect(texts()).toEqual(["2", "3", "4"]);
  });

  it("and what is only said is said at once, also twice", () => {
    const page = show(Notices, {});
    const said = () => (flushSync(), page.one("[data-testid=announcer]").textContent);
    notices.announce("Moved");
    const first = said();
    notices.announce("Moved");
    expect([first?.trim(), said() === first]).toEqual(["Moved", false]);
    expect(page.one("[data-testid=announcer]").getAttribute("aria-live")).toBe("assertive");
  });
});
