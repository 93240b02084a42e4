// What a screen says of itself to the shell: which address shows it, who may see it, and what it is made of.
import type { Component } from "svelte";
import type { Route } from "./routes";

/** Who sees a screen. Others are led to the log-in; who is logged in has no use for what is for nobody. */
export type Audience = "somebody" | "nobody" | "everybody";

type RouteOf<Name extends Route["name"]> = Extract<Route, { name: Name }>;
type Loaded<Props extends object> = { readonly default: Component<Props> };

interface Common<Name extends Route["name"], Props extends object> {
  readonly route: Name;
  readonly audience: Audience;
  /** What it shows of this address to this user; null: nothing is there. */
  readonly props: (route: RouteOf<Name>, user: string | null) => Props | null;
  /** Whether it stays, covered, when its user is gone: what it has not sent may be in no other place. */
  readonly stays?: boolean;
  /** Screens of two keys are two screens; without it the same one takes new properties. */
  readonly key?: (props: Props) => string;
}

/** Either comes with the page, or is loaded when it is first shown. */
type Definition<Name extends Route["name"], Props extends object> = Common<Name, Props> &
  ({ readonly component: Component<Props> } | { readonly load: () => Promise<Loaded<Props>> });

/** What the shell shows: a component with its properties, both known to fit each other alone. */
export type AnyProps = Record<string, unknown>;
export interface Shown {
  readonly key: string;
  readonly props: AnyProps;
}

export interface Screen {
  readonly route: Route["name"];
  readonly audience: Audience;
  readonly stays: boolean;
  readonly component: Component<AnyProps> | null;
  readonly load: (() => Promise<Loaded<AnyProps>>) | null;
  readonly show: (route: Route, user: string | null) => Shown | null;
}

export function screen<Name extends Route["name"], Props extends object>(
  definition: Definition<Name, Props>,
): Screen {
  const { route: name, audience, stays = false, key = () => "" } = definition;
  return {
    route: name,
    audience,
    stays,
    component: "component" in definition ? (definition.component as Component<AnyProps>) : null,
    load: "load" in definition ? (definition.load as () => Promise<Loaded<AnyProps>>) : null,
    show(route, user) {
      if (route.name !== name) return null;
      const props = definition.props(route as RouteOf<Name>, user);
      return props === null ? null : { key: key(props), props: props as AnyProps };
    },
  };
}
