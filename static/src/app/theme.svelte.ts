// Light, dark, or as the system says: kept in this browser, told to the style sheet by one attribute.
import { recall, remember } from "../storage";

export type Theme = "system" | "light" | "dark";

const KEY = "moim.theme";

function stored(): Theme {
  const value = recall(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

class ThemeChoice {
  choice: Theme = $state(stored());
  #system = matchMedia("(prefers-color-scheme: dark)");
  #systemDark = $state(this.#system.matches);
  /** Whether the page is dark now; the map asks, because WebGL reads no CSS. */
  dark = $derived(this.choice === "dark" || (this.choice === "system" && this.#systemDark));

  constructor() {
    this.#system.addEventListener("change", (event) => (this.#systemDark = event.matches));
    this.#show();
  }

  choose(choice: Theme): void {
    this.choice = choice;
    remember(KEY, choice === "system" ? null : choice);
    this.#show();
  }

  #show(): void {
    if (this.choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.choice;
  }
}

export const theme = new ThemeChoice();
