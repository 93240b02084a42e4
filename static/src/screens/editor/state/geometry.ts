// Where the lanes of the board and their cards are on the page: measured once, and again only when something moved them.
import type { Lane } from "./drag";

interface Measured {
  /** What it was measured for: the picture of the trip, and the lane's width and height. */
  readonly of: unknown;
  readonly width: number;
  readonly height: number;
  /** Relative to the list that scrolls, so that scrolling changes nothing. */
  readonly cards: readonly { id: string; top: number; bottom: number }[];
}

const SCROLLER = "[data-scroll-y]";

export class Geometry {
  readonly #measured = new WeakMap<HTMLElement, Measured>();

  /** The lanes inside `board`; `of` is the picture that it shows. */
  lanes(board: HTMLElement | null, of: unknown): Lane[] {
    return lanesOf(board).map((lane) => ({
      day: dayOf(lane),
      box: lane.getBoundingClientRect(),
      cards: () => this.#cards(lane, of),
    }));
  }

  /** What scrolls the cards of a day: what the board is in, on a phone, or a part of the lane. */
  scroller(board: HTMLElement, day: string | null): HTMLElement | null {
    const lane = lanesOf(board).find((one) => dayOf(one) === day);
    return board.closest<HTMLElement>(SCROLLER) ?? lane?.querySelector<HTMLElement>(SCROLLER) ?? null;
  }

  #cards(lane: HTMLElement, of: unknown): ReturnType<Lane["cards"]> {
    const list = lane.querySelector("ul");
    if (list === null) return [];
    const { top, width, height } = list.getBoundingClientRect();
    let measured = this.#measured.get(lane);
    const still = measured?.of === of && measured?.width === width && measured?.height === height;
    if (measured === undefined || !still) {
      const cards = [...list.querySelectorAll<HTMLElement>("[data-card]")].map((card) => {
        const box = card.getBoundingClientRect();
        return { id: card.dataset.card ?? "", top: box.top - top, bottom: box.bottom - top };
      });
      measured = { of, width, height, cards };
      this.#measured.set(lane, measured);
    }
    return measured.cards.map(({ id, ...box }) => ({
      id,
      box: { top: box.top + top, bottom: box.bottom + top },
    }));
  }
}

/** The board's own children: to search all of it each frame costs more the more cards there are. */
function lanesOf(board: HTMLElement | null): HTMLElement[] {
  return ([...(board?.children ?? [])] as HTMLElement[]).filter((child) => child.dataset.lane !== undefined);
}

function dayOf(lane: HTMLElement): string | null {
  return lane.dataset.lane || null;
}
