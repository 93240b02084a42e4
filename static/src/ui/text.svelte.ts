// The texts as the screens use them: in a component `t(…)` follows the language by itself.
import { fromStore } from "svelte/store";
import { language as chosen, translator, type Language } from "../i18n";

export { setLanguage, type Language } from "../i18n";

const current = fromStore(chosen);

export function language(): Language {
  return current.current;
}

export const t: ReturnType<typeof translator> = (key, ...rest) => translator(current.current)(key, ...rest);
