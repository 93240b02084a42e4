// The log-out of a person: asks about what is nowhere else, clears what is on this device, and tells the server, now or later.
import { tick } from "svelte";
import { api } from "../api";
import { clearCopies, fileOf, listKept, removeKept, setAsides, unsentOf, type Kept } from "../document";
import { download, fileName } from "./download";
import { notices } from "../ui/notices.svelte";
import { t } from "../ui/text.svelte";
import { TimeoutError, within } from "../deadline";
import { me } from "./account.svelte";
import { router } from "./router.svelte";

/** What is on its way to the server gets so long before the person is asked about it. */
const SETTLING_MS = 3_000;
const LOOK_MS = 100;
/** A store that does not answer does not keep anybody logged in. */
const CLEAR_MS = 20_000;

class Leaving {
  /** What is nowhere else: the person is asked. Empty: they are not. */
  asked: readonly Kept[] = $state.raw([]);
  busy = $state(false);
  /** Whether all of it can stay on this device. */
  readonly keepable = $derived(this.asked.every(({ is }) => is !== "window"));
  /** What open trips have that is in no other place. */
  readonly #windows = new Set<() => Kept | null>();

  /** `look` says what a trip that is open here has alone; returns how to stop. */
  watch(look: () => Kept | null): () => void {
    this.#windows.add(look);
    return () => this.#windows.delete(look);
  }

  /** Asks where something would be lost, and otherwise logs out. */
  async begin(): Promise<void> {
    if (this.busy || me.account === null) return;
    this.busy = true;
    try {
      const unsent = await this.#unsentSoon(me.account.id);
      if (unsent.length > 0) this.asked = unsent;
      else await this.#leave(true);
    } finally {
      this.busy = false;
    }
  }

  stay(): void {
    this.asked = [];
  }

  /** One file for each trip; nothing is deleted by it. */
  async save(): Promise<void> {
    for (const kept of this.asked) {
      const file = await fileOf(kept).catch(() => null);
      if (file !== null) download(fileName(kept.head.title, "moim.json"), file, "application/json");
      else notices.toast(t("device.failed"), { tone: "bad" });
    }
  }

  /** `keep`: what is nowhere else stays on this device, for when this person is back. */
  async go(keep: boolean): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.#leave(keep);
    } finally {
      this.busy = false;
      this.asked = [];
    }
  }

  /** What is not on the server, after what is on its way had a moment to arrive. */
  async #unsentSoon(user: string): Promise<readonly Kept[]> {
    const until = performance.now() + SETTLING_MS;
    for (;;) {
      const open = [...this.#windows].map((look) => look()).filter((kept) => kept !== null);
      const unsent = [...open, ...(await unsentNow(user))];
      if (unsent.length === 0 || unsent.some(({ is }) => is === "aside") || performance.now() > until) return unsent;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #leave(keep: boolean): Promise<void> {
    const user = me.account?.id;
    if (user === undefined) return;
    // Every window of this person lets go of its trip; only then is what they kept taken away.
    const told = api.logOut();
    router.go("/login");
    await tick();
    await within(CLEAR_MS, () => clear(user, keep)).catch(() => notices.toast(t("device.notCleared"), { tone: "bad" }));
    if (!(await told)) notices.toast(t("device.toldLater"));
  }
}

async function clear(user: string, keep: boolean): Promise<void> {
  await clearCopies(user, keep);
  await setAsides.forgetTaken((of) => of.user === user);
  if (keep) return;
  for (const kept of await listKept(user)) await removeKept(kept);
}

async function unsentNow(user: string): Promise<readonly Kept[]> {
  try {
    return (await within(CLEAR_MS, () => listKept(user))).filter((kept) => unsentOf(kept) > 0);
  } catch (error) {
    // A browser without a store keeps nothing that could be lost.
    if (error instanceof TimeoutError) console.warn("moim: the store does not answer");
    return [];
  }
}

export const leaving = new Leaving();
