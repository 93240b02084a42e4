// Which trips the dashboard lists, whatever is asked while an answer is on its way.
import { describe, expect, it } from "vitest";
import type { Trip, Trips, TripsQuery } from "../../api";
import type { Notice, NoticeKind } from "../../events/wire";
import { MOST, PAGE, TripList } from "./trip-list.svelte";

interface Question {
  readonly query: TripsQuery;
  answer(count: number, next?: string | null): Promise<void>;
  fail(): Promise<void>;
}

/** A list whose questions are answered by hand. */
function asked(): { list: TripList; questions: Question[] } {
  const questions: Question[] = [];
  const list = new TripList((query) => {
    let resolve: (page: Trips) => void = () => undefined;
    let reject: (error: Error) => void = () => undefined;
    const promise = new Promise<Trips>((good, bad) => ([resolve, reject] = [good, bad]));
    const settle = async (act: () => void) => (act(), await promise.catch(() => undefined), await Promise.resolve());
    const trips = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `${query.status}${at}` }) as Trip);
    questions.push({
      query,
      answer: (count, next = null) => settle(() => resolve({ items: trips(count), next })),
      fail: () => settle(() => reject(new Error("no connection"))),
    });
    return promise;
  });
  return { list, questions };
}

function notice(kind: NoticeKind): Notice {
  return { seq: 1, at: "", kind, trip: { id: "", title: "" }, by: { id: "", name: "" }, role: null };
}

describe("the list of trips", () => {
  it("goes on where the page before ended", async () => {
    const { list, questions } = asked();
    void list.load();
    expect(list.isLoading).toBe(true);
    await questions[0]?.answer(PAGE, "c1");
    expect([list.trips?.length, list.hasMore]).toEqual([PAGE, true]);
    void list.more();
    expect(questions[1]?.query).toEqual({ status: "active", limit: PAGE, cursor: "c1" });
    await questions[1]?.answer(2);
    expect([list.trips?.length, list.hasMore]).toEqual([PAGE + 2, false]);
    await list.more();
    expect(questions).toHaveLength(2);
  });

  it("reads again as many as it shows, as far as one answer goes", async () => {
    const { list, questions } = asked();
    void list.load();
    await questions[0]?.answer(60);
    void list.refresh();
    expect(questions[1]?.query).toEqual({ status: "active", limit: 60 });
    await questions[1]?.answer(MOST + 44);
    void list.refresh();
    expect(questions[2]?.query.limit).toBe(MOST);
    await questions[2]?.answer(3);
    void list.refresh();
    expect(questions[3]?.query.limit).toBe(PAGE);
  });

  it("shows only the newest question's answer", async () => {
    const { list, questions } = asked();
    void list.load();
    void list.choose("trashed");
    await questions[1]?.answer(1);
    await questions[0]?.answer(5);
    expect(list.trips?.map(({ id }) => id)).toEqual(["trashed0"]);
    await questions[0]?.fail();
    expect(list.failure).toBeNull();
  });

  it("keeps what it shows where a question fails, and says so until the next", async () => {
    const { list, questions } = asked();
    void list.load();
    await questions[0]?.answer(1);
    void list.refresh();
    await questions[1]?.fail();
    expect([list.trips?.length, list.failure !== null]).toEqual([1, true]);
    void list.refresh();
    expect(list.failure).toBeNull();
  });

  it("is empty only where the active ones were read and are none", async () => {
    const { list, questions } = asked();
    expect(list.isEmpty).toBe(false);
    void list.load();
    await questions[0]?.answer(0);
    expect(list.isEmpty).toBe(true);
    void list.choose("archived");
    await questions[1]?.answer(0);
    expect(list.isEmpty).toBe(false);
  });

  it("is read again when others change it, and not for what happens inside a trip", () => {
    const { list, questions } = asked();
    list.heard({ type: "arrived", notices: [notice("version_restored")] });
    expect(questions).toHaveLength(0);
    list.heard({ type: "arrived", notices: [notice("version_restored"), notice("joined")] });
    list.heard({ type: "unwatched", room: "trip:1" });
    expect(questions).toHaveLength(2);
  });
});
