// The copies on this device as state, and what a person does with each.
import { api } from "../../api";
import { within, WORK_MS } from "../../deadline";
import {
  bring,
  fileOf,
  KeepError,
  keepFile,
  listKept,
  MergeRefused,
  openTrip,
  removeKept,
  SetAsideFileError,
  setAsides,
  unsentOf,
  type Kept,
  type SetAsideHead,
} from "../../document";
import { me } from "../../app/account.svelte";
import { notices } from "../../ui/notices.svelte";
import { t } from "../../ui/text.svelte";
import { download, fileName } from "../../app/download";

/** Other windows change their copies without a word: looked at again after so long. */
const LOOK_MS = 3_000;
/** A larger file is none of ours. */
const MOST_FILE_BYTES = 64 * 1024 * 1024;

export class DeviceCopies {
  /** null: not read yet. */
  all: readonly Kept[] | null = $state.raw(null);
  unreadable = $state(false);
  loading = $state(false);
  /** The one that is being brought in, or deleted. */
  busy: string | null = $state(null);
  readonly unsent = $derived((this.all ?? []).filter((kept) => unsentOf(kept) > 0));
  readonly saved = $derived((this.all ?? []).filter((kept) => unsentOf(kept) === 0));
  readonly #user: string;

  constructor(user: string) {
    this.#user = user;
  }

  /** Follows what is kept; returns how to stop. */
  start(): () => void {
    void this.#read();
    const clock = setInterval(() => void this.#read(), LOOK_MS);
    const stop = setAsides.watch(() => void this.#read());
    return () => {
      clearInterval(clock);
      stop();
    };
  }

  async save(kept: Kept): Promise<void> {
    const file = await fileOf(kept).catch(() => null);
    if (file === null) notices.toast(t("device.failed"), { tone: "bad" });
    else download(fileName(kept.head.title, "moim.json"), file, "application/json");
  }

  async load(file: File): Promise<void> {
    this.loading = true;
    try {
      if (file.size > MOST_FILE_BYTES) throw new SetAsideFileError("it is too large");
      const { title } = await keepFile(new Uint8Array(await file.arrayBuffer()), this.#user);
      notices.toast(t("device.loaded", { title: title || t("trip.untitled") }));
    } catch (error) {
      const text = error instanceof KeepError ? "device.noRoom" : "device.noFile";
      notices.toast(t(text, { name: file.name }), { tone: "bad" });
    } finally {
      this.loading = false;
      await this.#read();
    }
  }

  /** Brings it into its trip, in the background; what the server does not take stays. */
  async merge(head: SetAsideHead): Promise<void> {
    const account = me.account;
    if (account === null) return;
    this.busy = head.id;
    const { id, name, color } = account;
    const trip = openTrip({ id: head.doc, user: { id, name, color }, ticket: (ms) => api.ticket(head.doc, ms) });
    let open = true;
    try {
      const { left } = await within(WORK_MS, () => Promise.race([bring(head, trip, () => open), refusal(trip)]));
      if (left === null) notices.toast(t("device.merged"));
      else notices.toast(t("device.left", { count: left.items.length }), { tone: "bad" });
    } catch (error) {
      notices.toast(t(error instanceof MergeRefused ? "device.cannotWrite" : "device.failed"), { tone: "bad" });
    } finally {
      open = false;
      await trip.close();
      this.busy = null;
      await this.#read();
    }
  }

  async remove(kept: Kept): Promise<void> {
    this.busy = kept.id;
    await removeKept(kept).catch(() => notices.toast(t("device.failed"), { tone: "bad" }));
    this.busy = null;
    await this.#read();
  }

  async #read(): Promise<void> {
    try {
      this.all = await listKept(this.#user);
      this.unreadable = false;
    } catch {
      this.unreadable = this.all === null;
    }
  }
}

/** Rejects where the trip stops: no such trip for this person, or none that can be written. */
function refusal(trip: ReturnType<typeof openTrip>): Promise<never> {
  return new Promise((_, reject) => {
    trip.sync.subscribe(({ kind }) => {
      if (kind === "refused" || kind === "access-changed" || kind === "readonly") reject(new MergeRefused());
    });
  });
}
