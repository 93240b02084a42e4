// Which screen the shell shows of an address, and to whom.
import { describe, expect, it } from "vitest";
import type { Component } from "svelte";
import { screen } from "./screens";

const component = (() => ({})) as unknown as Component<{ id: string }>;

describe("a screen", () => {
  it("is shown of its own route alone, with what it needs of it", () => {
    const trip = screen({
      route: "trip",
      audience: "somebody",
      component,
      props: ({ id }) => ({ id }),
      key: ({ id }) => id,
    });
    expect(trip.show({ name: "trip", id: "trip:1" }, "me")).toEqual({ key: "trip:1", props: { id: "trip:1" } });
    expect(trip.show({ name: "home" }, "me")).toBeNull();
  });

  it("is not there for nobody where it needs a user", () => {
    const device = screen({
      route: "device",
      audience: "somebody",
      component,
      props: (_route, user) => (user === null ? null : { id: user }),
    });
    expect(device.show({ name: "device" }, null)).toBeNull();
    expect(device.show({ name: "device" }, "me")).toEqual({ key: "", props: { id: "me" } });
  });

  it("comes with the page or is loaded, never both", () => {
    const load = () => Promise.resolve({ default: component });
    const props = () => ({ id: "" });
    const loaded = screen({ route: "home", audience: "everybody", load, props });
    expect([loaded.component, loaded.load]).toEqual([null, load]);
    const here = screen({ route: "home", audience: "everybody", component, props });
    expect([here.component, here.load]).toEqual([component, null]);
  });
});
