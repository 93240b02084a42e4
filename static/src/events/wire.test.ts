// Claims about frames: what is read from them, and that nothing unreadable gets through.
import { describe, expect, it } from "vitest";
import { decode, encode, noticesOf } from "./wire";

const NOTICE = {
  seq: 17,
  at: "2026-11-25T15:40:00Z",
  kind: "joined",
  trip: { id: "trip:01A", title: "제주" },
  by: { id: "u1", name: "지우" },
  role: "editor",
};

const said = (frame: unknown) => decode(JSON.stringify(frame));

describe("decode", () => {
  it("reads each event", () => {
    expect(said({ event: "notice", notice: NOTICE, unread: 3 })).toEqual({
      type: "notice",
      notice: NOTICE,
      unread: 3,
    });
    expect(said({ event: "here", room: "trip:01A", here: 2 })).toEqual({
      type: "here",
      room: "trip:01A",
      here: 2,
    });
    expect(said({ event: "read", read: 4, unread: 1 })).toEqual({ type: "read", read: 4, unread: 1 });
    expect(said({ event: "unwatched", room: "trip:01A" })).toEqual({ type: "unwatched", room: "trip:01A" });
    expect(said({ event: "token" })).toEqual({ type: "tokenWanted" });
  });

  it("reads answers and errors", () => {
    expect(said({ re: 1, ok: { here: 1 } })).toEqual({ type: "answer", re: 1, ok: { here: 1 } });
    expect(said({ re: 2, error: { code: "not_found", message: "…" } })).toEqual({
      type: "error",
      re: 2,
      code: "not_found",
    });
  });

  it("passes over what only a newer server knows", () => {
    expect(said({ event: "poll", poll: {} })).toEqual({ type: "unknown" });
    const { role: _, ...newer } = { ...NOTICE, kind: "polled" };
    expect(said({ event: "notice", notice: newer, unread: 0 })).toMatchObject({
      notice: { kind: "other", role: null },
    });
  });

  it.each(["", "null", "[]", "{}", "7", '{"event":7}', '{"re":1}', '{"re":-1,"ok":{}}'])(
    "takes nothing from %s",
    (text) => expect(decode(text)).toBeNull(),
  );

  it("takes no event with a field that is missing or of another type", () => {
    for (const broken of [{ seq: "17" }, { seq: 1.5 }, { at: "soon" }, { trip: null }, { by: [] }]) {
      expect(said({ event: "notice", notice: { ...NOTICE, ...broken }, unread: 0 })).toBeNull();
    }
    expect(said({ event: "here", room: "trip:01A", here: -1 })).toBeNull();
    expect(said({ event: "read", read: 4 })).toBeNull();
    expect(said({ event: "unwatched" })).toBeNull();
  });
});

describe("noticesOf", () => {
  const ok = { notices: [NOTICE], more: false, unread: 1, read: 16, last: 17 };

  it("reads a page", () => expect(noticesOf(ok)).toEqual(ok));
  it("takes no page of which one notice can't be read", () => {
    expect(noticesOf({ ...ok, notices: [NOTICE, {}] })).toBeNull();
    expect(noticesOf({ ...ok, last: undefined })).toBeNull();
    expect(noticesOf({ ...ok, more: 1 })).toBeNull();
    expect(noticesOf(undefined)).toBeNull();
  });
});

describe("encode", () => {
  it("puts the id beside the request's fields", () =>
    expect(JSON.parse(encode(3, { op: "read", until: 9 }))).toEqual({ id: 3, op: "read", until: 9 }));
});
