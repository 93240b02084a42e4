// The documents of tests/golden/documents: each covers some rules and traps of reading; each is a list of updates in order.
import * as Y from "yjs";
import { nthKey } from "../src/document/order";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type CardFields = Record<string, unknown>;

/** One client of a document under test; ids are fixed so that the files do not change from run to run. */
class Client {
  readonly doc = new Y.Doc();
  readonly updates: Uint8Array[] = [];

  constructor(id: number, known: readonly Uint8Array[] = []) {
    this.doc.clientID = id;
    this.take(known);
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== "remote") this.updates.push(update);
    });
  }

  take(updates: readonly Uint8Array[]): this {
    for (const update of updates) Y.applyUpdate(this.doc, update, "remote");
    return this;
  }

  edit(change: (trip: Trip) => void): this {
    this.doc.transact(() => change(new Trip(this.doc)));
    return this;
  }
}

class Trip {
  readonly doc: Y.Doc;
  readonly meta: Y.Map<unknown>;
  readonly days: Y.Map<unknown>;
  readonly cards: Y.Map<unknown>;

  constructor(doc: Y.Doc) {
    this.doc = doc;
    this.meta = doc.getMap("meta");
    this.days = doc.getMap("days");
    this.cards = doc.getMap("cards");
  }

  text(root: string, text: string): void {
    this.doc.getText(root).insert(0, text);
  }

  range(count: number): void {
    for (let n = 1; n <= count; n++) this.days.set(`d${n}`, { ord: nthKey(n - 1) });
  }

  /** A whole card; `fields` replaces or adds, `undefined` leaves a key out. Strings for title and note. */
  card(id: string, at: Json, fields: CardFields = {}): void {
    const { title = id, note = "", ...rest } = fields;
    const plain: CardFields = {
      kind: "place", at, place: null, to: null, when: null, dur: null, status: "plan", link: null, est: null,
      icon: null, color: null, bk: null, alt: null, from: null, by: "usr_a", ts: 1_700_000_000_000, del: null, ...rest,
    };
    const map = new Y.Map<unknown>();
    for (const [key, value] of Object.entries(plain)) if (value !== undefined) map.set(key, value);
    map.set("title", typeof title === "string" ? new Y.Text(title) : title);
    map.set("note", typeof note === "string" ? new Y.Text(note) : note);
    map.set("who", new Y.Map());
    map.set("files", new Y.Map());
    this.cards.set(id, map);
  }

  field(card: string, key: string, value: unknown): void {
    (this.cards.get(card) as Y.Map<unknown>).set(key, value);
  }
}

const JEJU = { src: "geonames", id: "1846266", name: "제주", alt: "Jeju", lat: 33.50972, lng: 126.52194, addr: "", cc: "KR", tz: "Asia/Seoul" };

function one(change: (trip: Trip) => void): () => Uint8Array[] {
  return () => new Client(1).edit(change).updates;
}

/** Many cards in the tray that differ in one field: the card's id tells the case. */
function variants(field: string, values: Record<string, unknown>): () => Uint8Array[] {
  return one((trip) => {
    Object.entries(values).forEach(([id, value], i) => trip.card(id, [null, nthKey(i)], { [field]: value }));
  });
}

export const documents: Record<string, () => Uint8Array[]> = {
  "empty": () => [],

  "trip": one((trip) => {
    trip.text("title", "제주 4박 5일");
    trip.text("desc", "겨울 바다를 보러");
    for (const [key, value] of Object.entries({ v: 1, start: "2026-12-24", tz: "Asia/Seoul", cur: "KRW", cover: "jeju", color: "#E8590C" })) {
      trip.meta.set(key, value);
    }
    trip.range(3);
    trip.text("day:d1:title", "도착");
    trip.text("day:d2:note", "비가 오면 박물관");
    trip.card("01C1", ["d1", "a1"], {
      title: "성산 일출봉", note: "아침 일찍\n해돋이 7:30", place: JEJU, dur: 90, status: "booked", link: "https://example.org/?q=성산", icon: "sunrise", color: "#FFAA00",
      when: { s: "2026-12-24T07:00", stz: "Asia/Seoul", e: "2026-12-24T09:00", etz: "Asia/Seoul", allDay: false, lock: true }, est: { amt: 5000, cur: "KRW" }, alt: "g1",
      bk: { ref: "SECRET-1", by: "usr_a" }, from: { kind: "import", id: "x" },
    });
    trip.card("01C0", ["d1", "a0"], { kind: "move", title: "공항에서", place: JEJU, to: { ...JEJU, id: "2", name: "성산" } });
    trip.card("01C2", ["d2", "a0"], { kind: "stay", title: "호텔" });
    trip.card("01C3", [null, "a0"], { kind: "note", title: "짐", status: "idea" });
  }),

  "days without a start": one((trip) => {
    trip.range(2);
    trip.days.set("pinned", { ord: "a05", pin: "2027-02-28" });
  }),

  "order of days and pins": one((trip) => {
    trip.meta.set("start", "2028-02-27");
    trip.days.set("d2", { ord: "a1" });
    trip.days.set("d1", { ord: "a1" }); // a tie: by id
    trip.days.set("z", { ord: "Zz" });
    trip.days.set("p", { ord: "a0", pin: "2028-12-31" });
    trip.days.set("bad pin", { ord: "a2", pin: "2028-02-30" });
    trip.days.set("worse pin", { ord: "a3", pin: 5 });
    trip.days.set("no ord", {});
    trip.days.set("ord of a wrong type", { ord: 7 });
    trip.days.set("extra", { ord: "b00", more: true });
  }),

  "days that are no objects": one((trip) => {
    trip.meta.set("start", "2026-01-31");
    trip.range(1);
    for (const [id, value] of Object.entries({ null: null, text: "a0", number: 1, list: ["a0"], bytes: Uint8Array.from([1]), map: new Y.Map(), true: true })) {
      trip.days.set(id, value);
      trip.card(`on ${id}`, [id, "a0"]);
    }
  }),

  "end of the calendar": one((trip) => {
    trip.meta.set("start", "9999-12-31");
    trip.range(3);
  }),

  "leap years": one((trip) => {
    trip.meta.set("start", "2000-02-28");
    trip.range(3);
    trip.days.set("a", { ord: "b00", pin: "1900-02-29" });
    trip.days.set("b", { ord: "b01", pin: "2400-02-29" });
    trip.days.set("c", { ord: "b02", pin: "0000-02-29" });
  }),

  "many days": one((trip) => {
    trip.meta.set("start", "2026-12-24");
    trip.range(66);
  }),

  "ties and keys bytewise": one((trip) => {
    trip.range(1);
    const keys = { "01B": "a1", "01A": "a1", "01a": "a1", "01Z": "Zz", "01C": "a0", "01D": "a", "01E": "b00", "01F": "", "01G": "가", "01H": "", "01I": "😀", "01J": "￿", "01K": "~", "01L": "a1V" };
    for (const [id, key] of Object.entries(keys)) trip.card(id, ["d1", key]);
    for (const id of ["", "😀", "가", "A", "a"]) trip.card(id, ["d1", "zz"]);
  }),

  "lost days": one((trip) => {
    trip.range(2);
    trip.card("on d1", ["d1", "a0"]);
    trip.card("on d3", ["d3", "a1"]);
    trip.card("in the tray", [null, "a2"]);
    trip.card("on no name", ["", "a0"]);
    trip.card("on d9 in the trash", ["d9", "a0"], { del: { by: "usr_a", ts: 1 } });
  }),

  "bad places in the order": variants("at", {
    absent: undefined, null: null, text: "d1", number: 4, object: { 0: null, 1: "a0" }, short: ["d1"], long: [null, "a5", "x"], "day number": [1, "a0"],
    "key number": [null, 1], "key null": [null, null], "day true": [true, "a0"], list: new Y.Array(), good: [null, "a0"],
  }),

  "kinds": variants("kind", { place: "place", move: "move", stay: "stay", note: "note", unknown: "party", upper: "Place", absent: undefined, null: null, number: 1, type: new Y.Text("place") }),

  "status": variants("status", { idea: "idea", plan: "plan", booked: "booked", done: "done", skip: "skip", unknown: "later", absent: undefined, null: null, number: 3 }),

  "trash": variants("del", { null: null, absent: undefined, object: { by: "usr_a", ts: 5 }, false: false, zero: 0, empty: "", "empty object": {}, map: new Y.Map() }),

  "cards of a wrong type": one((trip) => {
    trip.cards.set("json", { kind: "place", at: [null, "a0"] });
    trip.cards.set("null", null);
    trip.cards.set("text", new Y.Text("x"));
    trip.cards.set("list", new Y.Array());
    trip.cards.set("empty", new Y.Map());
    trip.cards.set("xml text", new Y.XmlText());
    trip.card("title is a string", [null, "a0"], { title: undefined });
    trip.field("title is a string", "title", "plain");
    trip.field("title is a string", "note", ["x"]);
    trip.card("title is a map", [null, "a1"], { title: new Y.Map(), note: new Y.Array() });
    trip.card("title is xml", [null, "a2"], { title: new Y.XmlText("xml") });
  }),

  "texts with formats and embeds": one((trip) => {
    const text = new Y.Text();
    trip.card("rich", [null, "a0"], { title: text });
    text.insert(0, "굵은 글자", { bold: true });
    text.insert(2, "x", { bold: null });
    text.insertEmbed(1, { image: "a.png" });
    trip.doc.getText("title").insert(0, "A", { bold: true });
    trip.doc.getText("title").insertEmbed(1, { x: 1 });
    trip.doc.getText("title").insert(2, "B");
  }),

  "clamps by characters": one((trip) => {
    trip.text("title", "가😀".repeat(70));
    trip.text("desc", "é".repeat(4001));
    trip.range(1);
    trip.text("day:d1:title", "😀".repeat(121));
    trip.text("day:d1:note", "한".repeat(4001));
    trip.card("texts", ["d1", "a0"], { title: "👨‍👩‍👧".repeat(201), note: "글😀".repeat(10_001), icon: "😀".repeat(201), alt: "가".repeat(201), link: `https://example.org/${"가".repeat(2000)}` });
    trip.card("exact", ["d1", "a1"], { title: "😀".repeat(200), note: "", icon: "가".repeat(200), link: `http://a/${"b".repeat(1991)}` });
    const place = { ...JEJU, name: "名".repeat(301), alt: "😀".repeat(301), addr: "x".repeat(301), src: "s".repeat(201), id: "i".repeat(201), cc: "c".repeat(201), tz: "t".repeat(201) };
    trip.card("place", ["d1", "a2"], { place, to: place, est: { amt: 1, cur: "₩".repeat(201) }, when: { s: "2026-01-01", stz: "😀".repeat(201), etz: "가".repeat(201) } });
    trip.meta.set("tz", "가".repeat(201));
    trip.meta.set("cur", "😀".repeat(201));
    trip.meta.set("cover", "c".repeat(201));
  }),

  "meta of a wrong type": one((trip) => {
    trip.meta.set("start", "2026-1-1");
    trip.meta.set("tz", 9);
    trip.meta.set("cur", ["KRW"]);
    trip.meta.set("cover", new Y.Text("x"));
    trip.meta.set("color", "red");
    trip.meta.set("v", 99);
    trip.range(1);
  }),

  "start with a time": one((trip) => {
    trip.meta.set("start", "2026-12-24T00:00");
    trip.meta.set("color", "#ABCDEF");
    trip.meta.set("tz", "");
    trip.range(1);
  }),

  "places": variants("place", {
    good: JEJU, negative: { ...JEJU, lat: -33.5, lng: -126.5 }, edges: { ...JEJU, lat: 90, lng: -180 }, integers: { ...JEJU, lat: 33, lng: 126 }, "negative zero": { ...JEJU, lat: -0, lng: 0 },
    "lat over": { ...JEJU, lat: 90.0001 }, "lng over": { ...JEJU, lng: 180.5 }, "lat text": { ...JEJU, lat: "33.5" }, "lat missing": { name: "x", lng: 1 }, "lat NaN": { ...JEJU, lat: Number.NaN },
    "lng infinite": { ...JEJU, lng: Number.POSITIVE_INFINITY }, "lat null": { ...JEJU, lat: null }, only: { lat: 1.5, lng: 2.25 }, wrong: { lat: 1, lng: 2, name: 3, alt: null, src: {}, id: [], addr: true, cc: 1.5, tz: false },
    list: [33.5, 126.5], text: "제주", map: new Y.Map([["lat", 1], ["lng", 2]]), bytes: Uint8Array.from([1, 2]), extra: { lat: 1, lng: 2, phone: "010", bk: "SECRET-2" },
    prototype: JSON.parse('{"__proto__":{"lat":1,"lng":2},"name":"hidden"}') as unknown, "prototype beside": JSON.parse('{"__proto__":{"name":"x"},"lat":1,"lng":2}') as unknown,
  }),

  "times": variants("when", {
    timed: { s: "2026-12-24T10:00", stz: "Asia/Seoul" }, whole: { s: "2026-12-24", allDay: true }, both: { s: "2026-12-24T10:00", e: "2026-12-25", lock: true }, "bad end": { s: "2026-12-24T10:00", e: "2026-12-24T24:00" },
    "end of a wrong type": { s: "2026-12-24", e: 5, stz: 1, etz: {}, allDay: "yes", lock: 1 }, "no start": { e: "2026-12-24" }, "bad start": { s: "2026-13-01" }, "day 31": { s: "2026-04-31" }, "day 0": { s: "2026-04-00" },
    seconds: { s: "2026-12-24T10:00:00" }, zulu: { s: "2026-12-24T10:00Z" }, space: { s: "2026-12-24 10:00" }, hour: { s: "2026-12-24T9:00" }, minute: { s: "2026-12-24T10:60" }, late: { s: "2026-12-24T23:59" },
    "other digits": { s: "２０２６-12-24" }, newline: { s: "2026-12-24\n" }, leap: { s: "2028-02-29T00:00" }, "no leap": { s: "2026-02-29" }, "empty zones": { s: "2026-12-24", stz: "", etz: "" },
    "start null": { s: null }, text: "2026-12-24", list: ["2026-12-24"], map: new Y.Map([["s", "2026-12-24"]]), signed: { s: "+002026-12-24" }, "long year": { s: "12026-12-24" },
  }),

  "times follow their day": one((trip) => {
    trip.meta.set("start", "2026-12-30");
    trip.range(3);
    trip.days.set("pinned", { ord: nthKey(3), pin: "2028-02-29" });
    const when = (id: string, day: string | null, key: string, value: unknown) => trip.card(id, [day, key], { when: value });
    when("moved", "d2", "a0", { s: "2026-12-24T11:00", stz: "Asia/Seoul" });
    when("locked", "d2", "a1", { s: "2026-12-24T11:00", e: "2026-12-24T12:00", lock: true });
    when("whole day", "d2", "a2", { s: "2026-12-24", allDay: true });
    when("same", "d2", "a3", { s: "2026-12-31T10:00", e: "2026-12-31T11:00" });
    when("three nights", "d3", "a0", { s: "2026-02-27T15:00", stz: "Asia/Seoul", e: "2026-03-02T11:00", etz: "Asia/Seoul" });
    when("over the date line", "d1", "a0", { s: "2027-01-01T09:30", stz: "Pacific/Auckland", e: "2026-12-31T23:50", etz: "Pacific/Honolulu" });
    when("other zone", "d1", "a1", { s: "2026-06-10T21:00", stz: "Asia/Seoul", e: "2026-06-10T15:30", etz: "America/Los_Angeles" });
    when("end a whole day", "d1", "a2", { s: "2026-12-24T10:00", e: "2026-12-26" });
    when("bad end", "d1", "a3", { s: "2026-12-24T10:00", e: "2026-12-32" });
    when("lock of a wrong type", "d1", "a4", { s: "2026-12-24T10:00", lock: "true" });
    when("leap", "pinned", "a0", { s: "2026-12-24T10:00", e: "2026-12-25T01:00" });
    when("in the tray", null, "a0", { s: "2026-12-24T10:00" });
    when("its day is gone", "d9", "a1", { s: "2026-12-24T10:00" });
  }),

  "times at the ends of the calendar": one((trip) => {
    trip.meta.set("start", "9999-12-30");
    trip.range(4);
    trip.days.set("first", { ord: nthKey(4), pin: "0000-01-01" });
    const when = (id: string, day: string | null, key: string, value: unknown) => trip.card(id, [day, key], { when: value });
    when("last day", "d2", "a0", { s: "2026-12-24T10:00", e: "2026-12-24T12:00", etz: "Asia/Seoul" });
    when("ends beyond it", "d2", "a1", { s: "2026-12-24T10:00", e: "2026-12-25T12:00", etz: "Asia/Seoul" });
    when("day without a date", "d3", "a0", { s: "2026-12-24T10:00", e: "2026-12-25T12:00" });
    when("ends before it", "first", "a0", { s: "2026-12-24T10:00", e: "2026-12-23" });
    when("from one end to the other", "first", "a1", { s: "0000-01-01", e: "9999-12-31T23:59" });
    when("and back", "d1", "a0", { s: "9999-12-31", e: "0000-01-01T00:00" });
  }),

  "times without dates": one((trip) => {
    trip.range(1);
    trip.card("c", ["d1", "a0"], { when: { s: "2026-12-24T10:00", e: "2026-12-25T12:00" } });
  }),

  "a card moved while its time is set": () => {
    const base = new Client(10).edit((trip) => (trip.range(2), trip.meta.set("start", "2026-12-24"), trip.card("c", ["d1", "a0"], { when: { s: "2026-12-24T11:00" } })));
    const a = new Client(20, base.updates).edit((trip) => trip.field("c", "at", ["d2", "a5"]));
    const b = new Client(30, base.updates).edit((trip) => trip.field("c", "when", { s: "2026-12-24T14:00", e: "2026-12-24T15:00" }));
    const c = new Client(40, base.updates).edit((trip) => trip.meta.set("start", "2027-03-01"));
    return [...base.updates, ...a.updates, ...b.updates, ...c.updates];
  },

  "minutes": variants("dur", { zero: 0, one: 1, most: 525_600, over: 525_601, negative: -1, fraction: 1.5, float: 2 ** 31 + 0.5, text: "60", true: true, big: 2 ** 40, "negative zero": -0, nan: Number.NaN, infinite: Number.POSITIVE_INFINITY }),

  "links": variants("link", { https: "https://a.b", http: "http://a.b", bare: "https://", upper: "HTTPS://a.b", script: "javascript:alert(1)", data: "data:text/html,x", space: " https://a.b", ftp: "ftp://a", relative: "//a.b", empty: "", number: 1, slash: "https:/a" }),

  "colours": variants("color", { low: "#abcdef", up: "#ABCDEF", mixed: "#aBc019", short: "#abc", alpha: "#abcdef00", name: "red", hash: "abcdef", bad: "#abcdeg", wide: "#ａｂｃｄｅｆ", newline: "#abcdef\n", number: 0xabcdef }),

  "estimates": variants("est", { good: { amt: 12.5, cur: "EUR" }, integer: { amt: 5000, cur: "KRW" }, negative: { amt: -3, cur: "KRW" }, "no currency": { amt: 1 }, "currency number": { amt: 1, cur: 4 }, "amount text": { amt: "1", cur: "KRW" }, "no amount": { cur: "KRW" }, nan: { amt: Number.NaN, cur: "" }, number: 5, list: [5, "KRW"], huge: { amt: 1e300, cur: "KRW" } }),

  "icons and groups": () => {
    const client = new Client(1);
    client.edit((trip) => {
      trip.card("good", [null, "a0"], { icon: "🍜", alt: "01G" });
      trip.card("empty", [null, "a1"], { icon: "", alt: "" });
      trip.card("numbers", [null, "a2"], { icon: 5, alt: {} });
      trip.card("absent", [null, "a3"], { icon: undefined, alt: undefined, to: undefined, place: undefined, when: undefined, dur: undefined, link: undefined, est: undefined, color: undefined });
    });
    return client.updates;
  },

  "undefined is absent": one((trip) => {
    trip.range(1);
    trip.card("c", ["d1", "a0"]);
    for (const key of ["del", "place", "when", "dur", "status", "link", "est", "icon", "color", "alt"]) trip.field("c", key, undefined);
    trip.card("no kind", ["d1", "a1"]);
    trip.field("no kind", "kind", undefined);
    trip.meta.set("start", undefined);
    trip.days.set("d9", undefined);
    trip.days.set("d2", { ord: undefined, pin: undefined });
  }),

  "nothing private": one((trip) => {
    trip.range(1);
    trip.card("c", ["d1", "a0"], { bk: { ref: "SECRET-3", by: "usr_secret" }, by: "usr_secret", ts: 4, from: { kind: "bot", id: "secret" }, phone: "010-0000-0000", mail: "secret@example.org" });
    (trip.cards.get("c") as Y.Map<Y.Map<unknown>>).get("who")?.set("usr_secret", true);
    (trip.cards.get("c") as Y.Map<Y.Map<unknown>>).get("files")?.set("file_secret", { name: "passport.pdf" });
    trip.card("gone", ["d1", "a1"], { title: "secret trash", del: { by: "usr_secret", ts: 1 } });
    trip.meta.set("secret", "secret");
    trip.doc.getMap("alts").set("g", { pick: "c" });
    trip.doc.getMap("unknown root").set("secret", 1);
  }),

  "the same card moved by two": () => {
    const base = new Client(10).edit((trip) => (trip.range(3), trip.card("c", ["d1", "a0"])));
    const a = new Client(20, base.updates).edit((trip) => trip.field("c", "at", ["d2", "a5"]));
    const b = new Client(30, base.updates).edit((trip) => trip.field("c", "at", ["d3", "a7"]));
    return [...base.updates, ...b.updates, ...a.updates];
  },

  "a day removed while a card is added to it": () => {
    const base = new Client(10).edit((trip) => trip.range(2));
    const a = new Client(20, base.updates).edit((trip) => trip.card("new", ["d2", "a0"]));
    const b = new Client(30, base.updates).edit((trip) => trip.days.delete("d2"));
    return [...base.updates, ...a.updates, ...b.updates];
  },

  "two extend to five days": () => {
    const base = new Client(10).edit((trip) => trip.range(3));
    const extend = (trip: Trip) => {
      for (const n of [4, 5]) trip.days.set(`d${n}`, { ord: nthKey(n - 1) });
    };
    const a = new Client(20, base.updates).edit(extend);
    const b = new Client(30, base.updates).edit(extend);
    return [...base.updates, ...a.updates, ...b.updates];
  },

  "deleted while edited": () => {
    const base = new Client(10).edit((trip) => trip.card("c", [null, "a0"], { title: "국수" }));
    const a = new Client(20, base.updates).edit((trip) => trip.field("c", "del", { by: "usr_a", ts: 9 }));
    const b = new Client(30, base.updates).edit((trip) => ((trip.cards.get("c") as Y.Map<Y.Text>).get("title") as Y.Text).insert(2, "집"));
    const c = new Client(40, [...base.updates, ...a.updates, ...b.updates]).edit((trip) => trip.field("c", "del", null));
    return [...base.updates, ...a.updates, ...b.updates, ...c.updates];
  },

  "two type in one note": () => {
    const base = new Client(10).edit((trip) => trip.card("c", [null, "a0"], { note: "안녕" }));
    const note = (trip: Trip) => (trip.cards.get("c") as Y.Map<Y.Text>).get("note") as Y.Text;
    const a = new Client(20, base.updates).edit((trip) => note(trip).insert(2, "하세요"));
    const b = new Client(30, base.updates).edit((trip) => note(trip).insert(2, "😀"));
    return [...base.updates, ...b.updates, ...a.updates];
  },

  "a card hard-deleted by another program": () => {
    const base = new Client(10).edit((trip) => (trip.card("c", [null, "a0"]), trip.card("d", [null, "a1"])));
    const a = new Client(20, base.updates).edit((trip) => trip.cards.delete("c"));
    return [...base.updates, ...a.updates];
  },
};
