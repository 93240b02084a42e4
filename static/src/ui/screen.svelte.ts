// The part of the page that can be seen: the window less an on-screen keyboard, for what has to stay in sight.
import { keyboardOf, type Seen } from "./screen";

class Screen {
  /** The top left corner of what is seen, and its size, in the page's pixels. */
  left = $state(0);
  top = $state(0);
  width = $state(0);
  height = $state(0);

  constructor() {
    if (typeof window === "undefined") return;
    this.#read();
    addEventListener("resize", this.#read);
    window.visualViewport?.addEventListener("resize", this.#read);
    window.visualViewport?.addEventListener("scroll", this.#read);
  }

  readonly #read = (): void => {
    const seen: Seen = window.visualViewport ?? {
      offsetLeft: 0,
      offsetTop: 0,
      width: innerWidth,
      height: innerHeight,
      scale: 1,
    };
    this.left = seen.offsetLeft;
    this.top = seen.offsetTop;
    this.width = seen.width;
    this.height = seen.height;
    document.documentElement.style.setProperty("--keyboard", `${keyboardOf(innerHeight, seen)}px`);
  };
}

export const screen = new Screen();
