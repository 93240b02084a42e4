// The copies of one trip that are set aside on this device, as state, and what a person can do with each.
import { bring, MergeInterrupted, MergeRefused, setAsides, type SetAsideHead, type TripDocument } from "../../../document";
import { notices } from "../../../ui/notices.svelte";
import { t } from "../../../ui/text.svelte";
import { download, fileName } from "../../../app/download";

export class KeptCopies {
  /** The newest first. */
  heads: readonly SetAsideHead[] = $state.raw([]);
  /** The one that is being brought in. */
  busy: string | null = $state(null);
  readonly #user: string;
  readonly #doc: TripDocument;
  #open = true;

  constructor(user: string, doc: TripDocument) {
    this.#user = user;
    this.#doc = doc;
  }

  /** Follows what is kept; returns how to stop. */
  start(): () => void {
    const stop = setAsides.watch(() => void this.#read());
    void this.#read();
    return () => {
      this.#open = false;
      stop();
    };
  }

  /** Brings in what the server takes; what is left stays, with the reason. */
  async bring(head: SetAsideHead): Promise<void> {
    this.busy = head.id;
    try {
      const { left } = await bring(head, this.#doc, () => this.#open);
      if (left === null) notices.toast(t("kept.allSaved"));
      else notices.toast(t("kept.left", { count: left.items.length }), { tone: "bad" });
    } catch (error) {
      if (!this.#open || error instanceof MergeInterrupted) return;
      notices.toast(t(error instanceof MergeRefused ? "kept.cannotWrite" : "kept.failed"), { tone: "bad" });
    } finally {
      this.busy = null;
    }
  }

  async save(head: SetAsideHead): Promise<void> {
    const one = await setAsides.read(head.id);
    if (one) download(fileName(head.title, "moim.json"), setAsides.toFile(one), "application/json");
  }

  remove(head: SetAsideHead): Promise<void> {
    return setAsides.discard(head);
  }

  async #read(): Promise<void> {
    const all = await setAsides.list(this.#user).catch(() => []);
    if (this.#open) this.heads = all.filter(({ doc }) => doc === this.#doc.id);
  }
}
