// Buttons, fields, choices and the splitter: what they say of themselves, and what keys and input methods do with them.
import { afterEach, describe, expect, it, vi } from "vitest";
import { flushSync } from "svelte";
import Button from "./Button.svelte";
import Field from "./Field.svelte";
import IconButton from "./IconButton.svelte";
import Segmented from "./Segmented.svelte";
import SelectField from "./SelectField.svelte";
import Splitter from "./Splitter.svelte";
import { clear, click, compositionEnds, markup, press, reachesPage, show, type } from "./mounted.test-support";

afterEach(clear);

const children = markup("<span>Save</span>");

describe("a button", () => {
  it("sends no form unless it is told to", () => {
    expect(show(Button, { children }).one<HTMLButtonElement>("button").type).toBe("button");
    expect(show(Button, { children, type: "submit" }).one<HTMLButtonElement>("button").type).toBe("submit");
  });

  it("does nothing while it is busy, and says that it is", () => {
    const onclick = vi.fn();
    const button = show(Button, { children, busy: true, onclick }).one<HTMLButtonElement>("button");
    expect([button.disabled, button.getAttribute("aria-busy")]).toEqual([true, "true"]);
    click(button);
    expect(onclick).not.toHaveBeenCalled();
    click(show(Button, { children, onclick }).one("button"));
    expect(onclick).toHaveBeenCalledOnce();
  });

  it("is a link where it has an address", () => {
    const page = show(Button, { children, href: "/trips", "data-testid": "to" });
    expect(page.one<HTMLAnchorElement>("a[data-testid=to]").getAttribute("href")).toBe("/trips");
    expect(page.all("button")).toEqual([]);
  });

  it("with an icon alone has its name for the ear and for the eye, and its key with it", () => {
    const button = show(IconButton, { children, label: "Undo", keys: "Ctrl Z", pressed: true }).one("button");
    expect(button.getAttribute("aria-label")).toBe("Undo");
    expect(button.dataset["tip"]).toBe("Undo  Ctrl Z");
    expect(button.getAttribute("aria-pressed")).toBe("true");
  });
});

describe("a field", () => {
  const field = (props: Record<string, unknown> = {}) => {
    const page = show(Field, { label: "Name", value: "", ...props });
    return { page, input: page.one<HTMLInputElement>("input") };
  };

  it("is named by its label", () => {
    const { page, input } = field();
    expect(page.one<HTMLLabelElement>("label").htmlFor).toBe(input.id);
  });

  it("says its hint, and instead its error, which is announced", () => {
    const { page, input } = field({ hint: "As others see it" });
    expect(document.getElementById(input.getAttribute("aria-describedby") ?? "")?.textContent).toBe("As others see it");
    expect([input.getAttribute("aria-invalid"), page.all("[role=alert]").length]).toEqual([null, 0]);
    const wrong = field({ hint: "As others see it", error: "Too long" });
    const error = wrong.page.one("[role=alert]");
    expect([error.textContent, wrong.input.getAttribute("aria-describedby")]).toEqual(["Too long", error.id]);
    expect(wrong.input.getAttribute("aria-invalid")).toBe("true");
    expect(wrong.page.root.textContent).not.toContain("As others see it");
  });

  it("takes characters as people count them, and what is beyond them is not taken", () => {
    const { input } = field({ most: 3 });
    type(input, "ab👨‍👩‍👧‍👦d");
    expect(input.value).toBe("ab👨‍👩‍👧‍👦");
  });

  it("leaves what an input method composes alone until it is done", () => {
    const { input } = field({ most: 2 });
    type(input, "한그ㄹ", true);
    expect(input.value).toBe("한그ㄹ");
    type(input, "한글로", true);
    compositionEnds(input);
    expect(input.value).toBe("한글");
  });

  it("cleans words of steering characters, and a password of nothing", () => {
    const seen = { value: "" };
    const bound = (props: Record<string, unknown>) =>
      Object.defineProperty({ label: "Name", ...props }, "value", {
        enumerable: true,
        get: () => seen.value,
        set: (value: string) => (seen.value = value),
      });
    const words = show(Field, bound({})).one<HTMLInputElement>("input");
    type(words, "a\u202eb");
    expect([seen.value, words.dir]).toEqual(["ab", "auto"]);
    const secret = show(Field, bound({ type: "password" })).one<HTMLInputElement>("input");
    type(secret, "a\u202eb");
    expect([seen.value, secret.dir]).toEqual(["a\u202eb", ""]);
  });
});

describe("a choice", () => {
  const options = [
    { value: "a", label: "All" },
    { value: "b", label: "Some", disabled: true },
    { value: "c", label: "None" },
  ] as const;

  it("out of a list has its name, also where that is not shown, and tells what was chosen", () => {
    const onchange = vi.fn();
    const page = show(SelectField, { label: "Which", value: "a", options, bare: true, onchange });
    const select = page.one<HTMLSelectElement>("select");
    const label = page.one<HTMLLabelElement>("label");
    expect([label.textContent, label.htmlFor, label.className]).toEqual(["Which", select.id, expect.stringContaining("hidden-text")]);
    expect([...select.options].map(({ disabled }) => disabled)).toEqual([false, true, false]);
    select.value = "c";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    expect(onchange).toHaveBeenCalledExactlyOnceWith("c");
  });

  it("out of a few is a group of radio buttons under one name, of which one is on", () => {
    const onchange = vi.fn();
    const page = show(Segmented, { label: "Which", value: "a", options, onchange });
    expect(page.one("[role=radiogroup]").getAttribute("aria-label")).toBe("Which");
    const radios = page.all("input") as HTMLInputElement[];
    expect(radios.map(({ checked }) => checked)).toEqual([true, false, false]);
    expect(new Set(radios.map(({ name }) => name)).size).toBe(1);
    click(page.all("label")[2] as HTMLElement);
    expect(onchange).toHaveBeenCalledExactlyOnceWith("c");
    const other = show(Segmented, { label: "Other", value: "a", options, disabled: true });
    expect((other.all("input") as HTMLInputElement[]).every(({ disabled }) => disabled)).toBe(true);
    expect((other.one("input") as HTMLInputElement).name).not.toBe(radios[0]?.name);
  });
});

describe("the splitter", () => {
  const splitter = (size = 400) => show(Splitter, { label: "Map", size, least: 300, most: 500 }).one("[role=separator]");
  const now = (bar: HTMLElement) => bar.getAttribute("aria-valuenow");

  it("says what it is, and can be reached by the keyboard", () => {
    const bar = splitter();
    expect(bar.tabIndex).toBe(0);
    const said = ["aria-label", "aria-orientation", "aria-valuenow", "aria-valuemin", "aria-valuemax"];
    expect(said.map((name) => bar.getAttribute(name))).toEqual(["Map", "vertical", "400", "300", "500"]);
  });

  it.each([
    ["ArrowLeft", {}, "416"],
    ["ArrowRight", {}, "384"],
    ["ArrowLeft", { shiftKey: true }, "480"],
    ["Home", {}, "500"],
    ["End", {}, "300"],
  ])("%s %o leads to %s, and does nothing else", (key, more, to) => {
    const bar = splitter();
    expect(reachesPage(() => expect(press(bar, key, more)).toBe(false))).toBe(false);
    expect(now(bar)).toBe(to);
  });

  it("goes no farther than its ends, and leaves other keys to the page", () => {
    const bar = splitter(496);
    press(bar, "ArrowLeft");
    expect(now(bar)).toBe("500");
    expect(reachesPage(() => expect(press(bar, "z")).toBe(true))).toBe(true);
  });

  it("follows the pointer while it is held, and no longer", () => {
    const bar = splitter();
    bar.setPointerCapture = () => undefined;
    const move = (kind: string, clientX: number) => {
      bar.dispatchEvent(new PointerEvent(kind, { clientX, bubbles: true, pointerId: 1 }));
      flushSync();
    };
    move("pointermove", 10);
    expect(now(bar)).toBe("400");
    move("pointerdown", 100);
    move("pointermove", 60);
    expect(now(bar)).toBe("440");
    move("lostpointercapture", 60);
    move("pointermove", 0);
    expect(now(bar)).toBe("440");
  });
});
