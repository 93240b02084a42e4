// A line that takes so many characters, as people count them: `maxlength` counts units, and cuts emoji in half.
import { cut } from "../characters";

/** An attachment. What an input method composes is left alone until it is done. */
export function limited(most: () => number | undefined): (field: HTMLInputElement) => () => void {
  return (field) => {
    const check = (event: Event) => {
      const limit = most();
      if (limit === undefined || (event as InputEvent).isComposing) return;
      const kept = cut(field.value, limit);
      if (kept === field.value) return;
      field.value = kept;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    };
    field.addEventListener("input", check);
    field.addEventListener("compositionend", check);
    return () => {
      field.removeEventListener("input", check);
      field.removeEventListener("compositionend", check);
    };
  };
}
