// What a document's connection decides, without sockets, clocks or Yjs: events in, effects and the chip's truth out.
import { isRole } from "../api/roles";
import type { Role } from "../api/types";
import { CLOSE_CODES, classOf } from "../protocol/close-codes";
import type { Message } from "../protocol/frames";

/** What the chip says. `changes` counts edits that are on this device only. */
export type SyncState =
  | { readonly kind: "saved" }
  | { readonly kind: "saving"; readonly changes: number }
  | { readonly kind: "offline"; readonly changes: number }
  | { readonly kind: "reconnecting"; readonly changes: number }
  | { readonly kind: "readonly" }
  /** The role was lowered or the access taken; `copy`: edits of mine were not taken, offer them as a file. */
  | { readonly kind: "access-changed"; readonly role: Role | null; readonly copy: boolean }
  /** The server does not take what I have; offer my copy. `detail` is the server's own word. */
  /** `copy`: this device has edits that the server has not. */
  | { readonly kind: "refused"; readonly reason: RefusedReason; readonly detail: string; readonly copy: boolean };

/** `busy`: too many connections; what is here is fine. */
export type RefusedReason = "malformed" | "tooLarge" | "tooMany" | "forbidden" | "otherEpoch" | "busy" | Halt;

/** What became of one edit that somebody waits for. */
export type Outcome =
  | { readonly is: "stored" }
  | { readonly is: "refused"; readonly status: number; readonly reason: string }
  /** The connection went before the answer came: nobody knows. */
  | { readonly is: "lost" };

/** Whoever this was opened for is not logged in here any more: somebody else is, or nobody. */
export type Halt = "otherAccount" | "loggedOut";

export type SyncEvent =
  /** A ticket is there; the socket is being opened. */
  | { readonly type: "connecting"; readonly role: Role }
  | { readonly type: "opened" }
  | { readonly type: "received"; readonly message: Message }
  /** A local edit. `at`: milliseconds, only to count a burst of typing as one change. */
  | { readonly type: "edited"; readonly update: Uint8Array; readonly at: number }
  /** An edit that the document does not show yet; who made it waits for its outcome. */
  | { readonly type: "submitted"; readonly update: Uint8Array; readonly submission: number }
  | { readonly type: "closed"; readonly code: number; readonly reason: string }
  /** The ticket was refused for good: the access is gone. */
  | { readonly type: "barred" }
  | { readonly type: "halted"; readonly why: Halt }
  /** No ticket could be had, or no socket opened; another try follows. */
  | { readonly type: "failed" }
  | { readonly type: "network"; readonly online: boolean }
  /** Edits of an earlier visit that are in the local copy and were never acknowledged. */
  | { readonly type: "recalled"; readonly changes: number };

export type Effect =
  | { readonly type: "send"; readonly message: Message }
  /** Send step 1 with the own state vector, and the own awareness. */
  | { readonly type: "greet" }
  /** Send step 2: all that `vector` lacks. */
  | { readonly type: "answer"; readonly vector: Uint8Array }
  | { readonly type: "apply"; readonly update: Uint8Array }
  | { readonly type: "aware"; readonly update: Uint8Array }
  | { readonly type: "announce" }
  | { readonly type: "renewToken" }
  | { readonly type: "settled"; readonly submission: number; readonly outcome: Outcome }
  /** Close and come back at once: the exchange has to start anew. */
  | { readonly type: "restart" };

/** `refused` status codes (W4). */
const REFUSED = { readOnly: 1, malformed: 2, tooLarge: 3, tooMany: 4, forbidden: 5, missing: 6 };
/** Edits closer together than this are one change to a person. */
const BURST_MS = 1_000;
/** After so many failed tries in a row "reconnecting" becomes "offline". */
const PATIENCE = 2;
/** More answers in a row than this without anything stored: the exchange goes round in circles. */
const MAX_RESYNCS = 3;

interface Flight {
  /** Changes of this person that it carries. */
  changes: number;
  /** Whether it is an edit of this person's; in a burst only the first counts as a change. */
  readonly isEdit: boolean;
  /** Who waits for its outcome. */
  readonly submission: number | null;
  refused: boolean;
}

const flight = (changes: number, isEdit: boolean, submission: number | null = null): Flight => ({
  changes,
  isEdit,
  submission,
  refused: false,
});

type Problem = Extract<SyncState, { kind: "access-changed" | "refused" }>;

export class SyncMachine {
  #open = false;
  #online = true;
  #failures = 0;
  #role: Role | null = null;
  #problem: Problem | null = null;
  /** The server's step 1 was answered: from now on edits travel as updates. */
  #answered = false;
  /** The server's step 2 arrived. */
  #received = false;
  /** Changes that no message of this connection carries. */
  #unsent = 0;
  /** The counted messages (step 2, update) that are not acknowledged yet, oldest first. */
  #inFlight: Flight[] = [];
  #acknowledged = 0;
  #resyncs = 0;
  #lastEdit = -Infinity;

  constructor(online = true) {
    this.#online = online;
  }

  get role(): Role | null {
    return this.#role;
  }

  /** Edits that the server has not confirmed as durable. */
  get changes(): number {
    const changes = this.#inFlight.reduce((sum, one) => sum + one.changes, this.#unsent);
    // The rest of a burst whose first edit is stored is a change as well.
    return changes === 0 && this.#inFlight.some(({ isEdit, refused }) => isEdit && !refused) ? 1 : changes;
  }

  get state(): SyncState {
    const changes = this.changes;
    // What was typed since it stopped is on this device as well.
    if (this.#problem) return changes > 0 ? { ...this.#problem, copy: true } : this.#problem;
    if (!this.#open) {
      // What the browser says of the network only makes one failure enough: the server may be on this machine.
      const offline = this.#failures >= (this.#online ? PATIENCE : 1);
      return { kind: offline ? "offline" : "reconnecting", changes };
    }
    if (!this.#answered || !this.#received) {
      return changes > 0 ? { kind: "saving", changes } : { kind: "reconnecting", changes };
    }
    if (this.#role !== null && !mayWrite(this.#role)) return { kind: "readonly" };
    return changes === 0 && this.#inFlight.length === 0 ? { kind: "saved" } : { kind: "saving", changes };
  }

  handle(event: SyncEvent): Effect[] {
    switch (event.type) {
      case "connecting":
        return this.#connecting(event.role);
      case "opened":
        return this.#opened();
      case "received":
        return this.#onMessage(event.message);
      case "edited":
        return this.#edited(event.update, event.at);
      case "submitted":
        return this.#submitted(event.update, event.submission);
      case "closed":
        return [...this.#lose(), ...this.#closed(event.code, event.reason)];
      case "barred":
        return this.#barred();
      case "halted":
        return this.#halted(event.why);
      case "failed":
        this.#failures += 1;
        return [];
      case "network":
        this.#online = event.online;
        return [];
      case "recalled":
        this.#unsent += event.changes;
        return [];
    }
  }

  #connecting(role: Role): Effect[] {
    const lowered = this.#role !== null && mayWrite(this.#role) && !mayWrite(role);
    this.#role = role;
    if (this.#problem?.kind === "refused") return [];
    this.#problem = lowered ? this.#accessChanged(role) : null;
    return [];
  }

  #opened(): Effect[] {
    this.#open = true;
    this.#failures = 0;
    this.#answered = false;
    this.#received = false;
    this.#acknowledged = 0;
    this.#resyncs = 0;
    return [{ type: "greet" }];
  }

  #onMessage(message: Message): Effect[] {
    switch (message.type) {
      case "step1":
        return this.#answer(message.vector);
      case "step2":
        this.#received = true;
        return [{ type: "apply", update: message.update }];
      case "update":
        return [{ type: "apply", update: message.update }];
      case "awareness":
        return [{ type: "aware", update: message.update }];
      case "askAwareness":
        return [{ type: "announce" }];
      case "stored":
        return this.#stored(message.count);
      case "refused":
        return this.#refused(message.nth, message.status, message.reason);
      case "denied":
        return this.#roleChanged("viewer");
      case "access":
        return isRole(message.role) ? this.#roleChanged(message.role) : [];
      case "tokenWanted":
        return [{ type: "renewToken" }];
      case "token":
      case "tokenAccepted":
      case "probe":
      case "passedOver":
        return [];
    }
  }

  /** W2: the answer carries everything that was done meanwhile, so it counts all unsent changes. */
  #answer(vector: Uint8Array): Effect[] {
    if (this.#problem?.kind === "refused") return [];
    if (this.#resyncs > MAX_RESYNCS) return this.#giveUp("malformed", "the exchange does not end");
    this.#resyncs += 1;
    this.#answered = true;
    this.#inFlight.push(flight(this.#unsent, this.#unsent > 0));
    this.#unsent = 0;
    return [{ type: "answer", vector }];
  }

  #edited(update: Uint8Array, at: number): Effect[] {
    // A clock may be set back.
    const burst = this.changes > 0 && Math.abs(at - this.#lastEdit) < BURST_MS;
    this.#lastEdit = at;
    const changes = burst ? 0 : 1;
    if (!this.#open || !this.#answered || this.#problem !== null) {
      this.#unsent += changes;
      return [];
    }
    this.#inFlight.push(flight(changes, true));
    return [{ type: "send", message: { type: "update", update } }];
  }

  #submitted(update: Uint8Array, submission: number): Effect[] {
    if (!this.#open || !this.#answered || this.#problem !== null) {
      return [{ type: "settled", submission, outcome: { is: "lost" } }];
    }
    this.#inFlight.push(flight(0, false, submission));
    return [{ type: "send", message: { type: "update", update } }];
  }

  /** Who waits learns that there is no answer. */
  #lose(): Effect[] {
    return this.#inFlight.flatMap(({ submission, refused }): Effect[] =>
      submission === null || refused ? [] : [{ type: "settled", submission, outcome: { is: "lost" } }],
    );
  }

  /** W4: the first `count` counted messages of this connection are durable. */
  #stored(count: number): Effect[] {
    const done = this.#settle(count);
    if (done.length > 0) this.#resyncs = 0;
    return done.flatMap(({ submission, refused }): Effect[] =>
      submission === null || refused ? [] : [{ type: "settled", submission, outcome: { is: "stored" } }],
    );
  }

  /** The first `count` counted messages need no more waiting; these. */
  #settle(count: number): Flight[] {
    const done = Math.min(count - this.#acknowledged, this.#inFlight.length);
    if (done <= 0) return [];
    this.#acknowledged += done;
    return this.#inFlight.splice(0, done);
  }

  #refused(nth: number, status: number, reason: string): Effect[] {
    const index = nth - this.#acknowledged - 1;
    const refused = this.#inFlight[index];
    // What was refused is on this device only; it stays counted until an answer carries it again.
    this.#unsent += Math.max(refused?.changes ?? 0, Number(refused?.isEdit ?? false));
    if (refused) [refused.changes, refused.refused] = [0, true];
    if (index === 0) this.#settle(nth);
    const submission = refused?.submission ?? null;
    if (submission !== null) return [{ type: "settled", submission, outcome: { is: "refused", status, reason } }];
    switch (status) {
      case REFUSED.missing:
        this.#answered = false; // a step 1 follows; until it is answered edits wait
        return [];
      case REFUSED.readOnly:
        this.#problem = { kind: "access-changed", role: this.#role, copy: true };
        return [];
      case REFUSED.tooLarge:
        return this.#giveUp("tooLarge", reason, true);
      case REFUSED.tooMany:
        return this.#giveUp("tooMany", reason, true);
      case REFUSED.forbidden:
        return this.#giveUp("forbidden", reason, true);
      default:
        return this.#giveUp("malformed", reason, true);
    }
  }

  #roleChanged(role: Role): Effect[] {
    const before = this.#role;
    this.#role = role;
    if (before === null || mayWrite(before) === mayWrite(role)) return [];
    if (!mayWrite(role)) {
      this.#problem = this.#accessChanged(role);
      return [];
    }
    if (this.#problem?.kind === "access-changed") this.#problem = null;
    return this.#open ? [{ type: "restart" }] : [];
  }

  #closed(code: number, reason: string): Effect[] {
    this.#open = false;
    this.#unsent = this.changes;
    this.#inFlight = [];
    this.#failures += 1;
    if (classOf(code) !== "stayAway") return [];
    switch (code) {
      case CLOSE_CODES.forbidden:
      case CLOSE_CODES.missing:
        return this.#barred();
      case CLOSE_CODES.epoch:
        return this.#giveUp("otherEpoch", reason);
      case CLOSE_CODES.tooLarge:
        return this.#giveUp("tooLarge", reason);
      case CLOSE_CODES.tooMany:
        return this.#giveUp("busy", reason);
      default:
        return this.#giveUp("malformed", reason);
    }
  }

  /** Forgets a refusal, for a person who says "try again". */
  retry(): void {
    if (this.#problem?.kind === "refused") this.#problem = null;
  }

  #barred(): Effect[] {
    this.#problem = this.#accessChanged(null);
    return [];
  }

  /** What was not acknowledged stays on this device, under its person. */
  #halted(why: Halt): Effect[] {
    const lost = this.#lose();
    this.#open = false;
    this.#unsent = this.changes;
    this.#inFlight = [];
    return [...lost, ...this.#giveUp(why, "")];
  }

  #accessChanged(role: Role | null): Problem {
    return { kind: "access-changed", role, copy: this.changes > 0 };
  }

  #giveUp(reason: RefusedReason, detail: string, copy = this.changes > 0): Effect[] {
    this.#problem = { kind: "refused", reason, detail, copy };
    return [];
  }
}

export function isHalt(reason: RefusedReason): reason is Halt {
  return reason === "otherAccount" || reason === "loggedOut";
}

export function mayWrite(role: Role): boolean {
  return role === "owner" || role === "editor";
}
