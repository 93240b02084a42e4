// The sync machine by made-up events: what is sent when, and whether the chip tells the truth (W2, W4, W7, W9, W11).
import { describe, expect, it } from "vitest";
import type { Message } from "../protocol/frames";
import type { Role } from "../api/types";
import { SyncMachine } from "./machine";

const UPDATE = Uint8Array.from([0, 0]);
const VECTOR = Uint8Array.from([0]);

/** A machine whose socket is open and whose exchange is done. */
function connected(role: Role = "editor"): SyncMachine {
  const machine = new SyncMachine();
  machine.handle({ type: "connecting", role });
  machine.handle({ type: "opened" });
  receive(machine, { type: "step2", update: UPDATE }, { type: "step1", vector: VECTOR });
  return machine;
}

function receive(machine: SyncMachine, ...messages: Message[]): unknown[] {
  return messages.flatMap((message) => machine.handle({ type: "received", message }));
}

const edit = (machine: SyncMachine, at: number) => machine.handle({ type: "edited", update: UPDATE, at });
const stored = (machine: SyncMachine, count: number) => receive(machine, { type: "stored", count });
const refused = (machine: SyncMachine, nth: number, status: number) =>
  receive(machine, { type: "refused", nth, status, reason: "no" });

describe("the exchange", () => {
  it("greets on opening and answers the server's step 1 (W2)", () => {
    const machine = new SyncMachine();
    expect(machine.handle({ type: "opened" })).toEqual([{ type: "greet" }]);
    expect(receive(machine, { type: "step1", vector: VECTOR })).toEqual([{ type: "answer", vector: VECTOR }]);
  });

  it("sends no update before the answer, which carries it", () => {
    const machine = new SyncMachine();
    machine.handle({ type: "opened" });
    expect(edit(machine, 0)).toEqual([]);
    expect(machine.changes).toBe(1);
    receive(machine, { type: "step1", vector: VECTOR });
    expect(edit(machine, 5_000)).toEqual([{ type: "send", message: { type: "update", update: UPDATE } }]);
    expect(machine.changes).toBe(2);
  });

  it("asks for a new token when the server wants one (W11)", () => {
    expect(receive(connected(), { type: "tokenWanted", reason: "soon" })).toEqual([{ type: "renewToken" }]);
  });

  it("answers a refusal for missing edits by the step 1 that follows, and holds edits until then", () => {
    const machine = connected();
    stored(machine, 1);
    edit(machine, 0);
    refused(machine, 2, 6);
    expect(edit(machine, 5_000)).toEqual([]);
    expect(receive(machine, { type: "step1", vector: VECTOR })).toEqual([{ type: "answer", vector: VECTOR }]);
    expect(machine.state).toEqual({ kind: "saving", changes: 2 });
    stored(machine, 3);
    expect(machine.state).toEqual({ kind: "saved" });
  });

  it("gives up an exchange that goes round in circles", () => {
    const machine = connected();
    for (let i = 1; i < 6; i++) {
      refused(machine, i, 6);
      receive(machine, { type: "step1", vector: VECTOR });
    }
    expect(machine.state).toMatchObject({ kind: "refused", reason: "malformed" });
  });
});

/** W4 */
describe("the chip", () => {
  it("is saved only when the answer, too, is stored", () => {
    const machine = connected();
    expect(machine.state).toEqual({ kind: "saving", changes: 0 });
    stored(machine, 1);
    expect(machine.state).toEqual({ kind: "saved" });
  });

  it("is not saved before the server's own state arrived", () => {
    const machine = new SyncMachine();
    machine.handle({ type: "opened" });
    receive(machine, { type: "step1", vector: VECTOR });
    stored(machine, 1);
    expect(machine.state.kind).toBe("reconnecting");
  });

  it("counts a burst of typing once, and what is acknowledged no more", () => {
    const machine = connected();
    stored(machine, 1);
    for (const at of [0, 300, 600, 900]) edit(machine, at);
    expect(machine.state).toEqual({ kind: "saving", changes: 1 });
    edit(machine, 4_000);
    expect(machine.changes).toBe(2);
    stored(machine, 3);
    expect(machine.state).toEqual({ kind: "saving", changes: 1 });
    stored(machine, 6);
    expect(machine.state).toEqual({ kind: "saved" });
  });

  it("counts the rest of a burst whose first edit is stored, also after the connection was lost", () => {
    const machine = connected();
    stored(machine, 1);
    for (const at of [0, 300]) edit(machine, at);
    stored(machine, 2);
    expect(machine.changes).toBe(1);
    machine.handle({ type: "closed", code: 4409, reason: "" });
    expect(machine.state).toMatchObject({ reason: "otherEpoch", copy: true });
  });

  it("never says saved while a message of a burst is on its way", () => {
    const machine = connected();
    stored(machine, 1);
    edit(machine, 0);
    edit(machine, 10);
    stored(machine, 2);
    expect(machine.state.kind).toBe("saving");
  });

  it("takes nothing for stored that a lost connection acknowledged no more", () => {
    const machine = connected();
    stored(machine, 1);
    edit(machine, 0);
    machine.handle({ type: "closed", code: 1006, reason: "" });
    expect(machine.state).toEqual({ kind: "reconnecting", changes: 1 });
    machine.handle({ type: "failed" });
    expect(machine.state).toEqual({ kind: "offline", changes: 1 });
  });

  it("believes the open socket, not the browser's word for the network", () => {
    const machine = new SyncMachine(false);
    expect(machine.state).toEqual({ kind: "reconnecting", changes: 0 });
    machine.handle({ type: "connecting", role: "editor" });
    machine.handle({ type: "opened" });
    receive(machine, { type: "step1", vector: VECTOR });
    receive(machine, { type: "step2", update: UPDATE });
    stored(machine, 1);
    expect(machine.state).toEqual({ kind: "saved" });
    machine.handle({ type: "network", online: true });
    machine.handle({ type: "network", online: false });
    expect(machine.state).toEqual({ kind: "saved" });
  });

  it("says offline after one failure where the browser says so too", () => {
    const machine = connected();
    stored(machine, 1);
    machine.handle({ type: "network", online: false });
    machine.handle({ type: "closed", code: 1006, reason: "silence" });
    expect(machine.state).toEqual({ kind: "offline", changes: 0 });
  });

  it("remembers edits of an earlier visit", () => {
    const machine = new SyncMachine();
    machine.handle({ type: "recalled", changes: 3 });
    expect(machine.state).toEqual({ kind: "reconnecting", changes: 3 });
  });
});

/** W7 */
describe("access", () => {
  it("is readonly for a reader", () => {
    expect(connected("viewer").state).toEqual({ kind: "readonly" });
  });

  it("lowered while connected says so, and whether something is left over", () => {
    const machine = connected();
    stored(machine, 1);
    receive(machine, { type: "access", role: "viewer" });
    expect(machine.state).toEqual({ kind: "access-changed", role: "viewer", copy: false });
    const pending = connected();
    edit(pending, 0);
    receive(pending, { type: "denied", reason: "read-only" });
    expect(pending.state).toEqual({ kind: "access-changed", role: "viewer", copy: true });
    expect(edit(pending, 9_000)).toEqual([]);
  });

  it("given again starts the exchange anew", () => {
    const machine = connected("viewer");
    expect(receive(machine, { type: "access", role: "editor" })).toEqual([{ type: "restart" }]);
  });

  it.each([
    [4403, null],
    [4404, null],
  ])("%i takes it", (code, role) => {
    const machine = connected();
    machine.handle({ type: "closed", code, reason: "" });
    expect(machine.state).toEqual({ kind: "access-changed", role, copy: false });
  });
});

/** W9 */
describe("closes", () => {
  it.each([
    [4400, "malformed"],
    [4409, "otherEpoch"],
    [4413, "tooLarge"],
    [4429, "busy"],
  ] as const)("%i is refused as %s", (code, reason) => {
    const machine = connected();
    machine.handle({ type: "closed", code, reason: "why" });
    expect(machine.state).toEqual({ kind: "refused", reason, detail: "why", copy: false });
  });

  it("offers a copy where another epoch leaves edits behind", () => {
    const machine = connected();
    edit(machine, 0);
    machine.handle({ type: "closed", code: 4409, reason: "" });
    expect(machine.state).toMatchObject({ reason: "otherEpoch", copy: true });
  });

  it("offers a copy of what is typed after another epoch was said", () => {
    const machine = connected();
    machine.handle({ type: "closed", code: 4409, reason: "" });
    edit(machine, 0);
    expect(machine.state).toMatchObject({ reason: "otherEpoch", copy: true });
  });

  it.each([1001, 1006, 1011, 1013, 4401, 4503, 4508])("%i is waited out", (code) => {
    const machine = connected();
    machine.handle({ type: "closed", code, reason: "" });
    expect(machine.state.kind).toBe("reconnecting");
  });
});

describe("refusals", () => {
  it.each([
    [2, "malformed"],
    [3, "tooLarge"],
    [4, "tooMany"],
    [5, "forbidden"],
  ] as const)("status %i is refused as %s and stays so", (status, reason) => {
    const machine = connected();
    stored(machine, 1);
    edit(machine, 0);
    refused(machine, 2, status);
    expect(machine.state).toEqual({ kind: "refused", reason, detail: "no", copy: true });
    expect(machine.changes).toBe(1);
    expect(edit(machine, 5_000)).toEqual([]);
  });

  it("are forgotten when the person tries again", () => {
    const machine = connected();
    refused(machine, 1, 3);
    machine.retry();
    machine.handle({ type: "closed", code: 1000, reason: "" });
    expect(machine.state.kind).toBe("reconnecting");
  });
});
