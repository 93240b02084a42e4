// Claims about notices in words.
import { describe, expect, it } from "vitest";
import type { Notice, NoticeKind } from "../../events/wire";
import { translator } from "../../i18n";
import { badge, isToldThere, leadsTo, pieces, sentence } from "./words";

const ko = translator("ko");
const en = translator("en");

const notice = (kind: NoticeKind, more: Partial<Notice> = {}): Notice => ({
  seq: 1,
  at: "2026-11-25T15:40:00Z",
  kind,
  trip: { id: "trip:01A", title: "겨울 제주" },
  by: { id: "u1", name: "지우" },
  role: null,
  ...more,
});

describe("sentence", () => {
  it("says who did what in which trip, in both languages", () => {
    const joined = notice("joined", { role: "editor" });
    expect(sentence(joined, ko)).toBe("지우님이 ‘겨울 제주’ 여행에 편집자로 참여했어요");
    expect(sentence(joined, en)).toBe("지우 joined “겨울 제주” as an editor");
    const lowered = notice("role_changed", { role: "viewer" });
    expect(sentence(lowered, ko)).toBe("지우님이 ‘겨울 제주’ 여행에서 내 역할을 ‘보기 전용’으로 바꿨어요");
    expect(sentence(lowered, en)).toBe("지우 made you a viewer of “겨울 제주”");
  });

  it("has words for every kind, also for one that only a newer server knows, and leaves no gap", () => {
    const kinds: NoticeKind[] = [
      "joined",
      "left",
      "role_changed",
      "removed",
      "trashed",
      "untrashed",
      "version_restored",
      "began_anew",
      "other",
    ];
    for (const kind of kinds) {
      for (const t of [ko, en]) {
        const words = sentence(notice(kind), t);
        expect(words).toContain("겨울 제주");
        expect(words).not.toMatch(/[{}\u0001\u0002]| {2}/u);
      }
    }
  });

  it("takes names as they are, whatever stands in them", () => {
    const odd = notice("left", { trip: { id: "trip:01A", title: "{name} $& <b>" } });
    expect(pieces(odd, en)).toEqual([
      { text: "지우", strong: true },
      { text: " left “", strong: false },
      { text: "{name} $& <b>", strong: true },
      { text: "”", strong: false },
    ]);
    expect(sentence(notice("left", { trip: { id: "trip:01A", title: "" } }), ko)).toContain("이름 없는 여행");
  });
});

describe("a notice", () => {
  it("leads to its trip, unless that is closed to me now", () => {
    expect(leadsTo(notice("joined"))).toBe("/trips/01A");
    expect(leadsTo(notice("removed"))).toBeNull();
  });

  it("of my role is told by the open document itself, and by no other", () => {
    expect(isToldThere(notice("removed"), "trip:01A")).toBe(true);
    expect(isToldThere(notice("role_changed"), "trip:01A")).toBe(true);
    expect(isToldThere(notice("role_changed"), "trip:01B")).toBe(false);
    expect(isToldThere(notice("joined"), "trip:01A")).toBe(false);
    expect(isToldThere(notice("removed"), null)).toBe(false);
  });
});

describe("badge", () => {
  it("says no more than two figures", () => {
    expect(badge(7, ko)).toBe("7");
    expect(badge(99, ko)).toBe("99");
    expect(badge(500, en)).toBe("99+");
  });
});
