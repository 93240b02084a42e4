// What each operation of the REST interface takes and answers, read off the server's description.
import type { paths } from "./generated/rest";

export type Method = "get" | "post" | "patch" | "delete";

type Routes = keyof paths & `/api/v1/${string}`;
type Short<Route extends string> = Route extends `/api/v1${infer Rest}` ? Rest : never;

/** The routes that know a method, without the prefix that all have. */
export type RouteOf<M extends Method> = {
  [Route in Routes]: paths[Route][M] extends { readonly responses: unknown } ? Short<Route> : never;
}[Routes];

type Operation<M extends Method, Route extends string> = `/api/v1${Route}` extends keyof paths
  ? paths[`/api/v1${Route}`][M]
  : never;

type Json<Part> = Part extends { readonly content: { readonly "application/json": infer Shape } } ? Shape : void;

/** What is answered where it goes well. */
export type Answer<M extends Method, Route extends string> =
  Operation<M, Route> extends { readonly responses: infer All }
    ? { [Status in keyof All]: Status extends 200 | 201 | 204 ? Json<All[Status]> : never }[keyof All]
    : never;

/** What is sent; undefined: nothing. */
export type Body<M extends Method, Route extends string> =
  Operation<M, Route> extends { readonly requestBody: { readonly content: { readonly "application/json": infer Shape } } }
    ? Shape
    : undefined;

type Parameters<M extends Method, Route extends string, Place extends "path" | "query"> =
  Operation<M, Route> extends { readonly parameters: { readonly [P in Place]?: infer Names } }
    ? Exclude<Names, undefined>
    : never;

/** What fills the `{names}` of a route, and what may stand behind it. */
export type InPath<M extends Method, Route extends string> = Parameters<M, Route, "path">;
export type InQuery<M extends Method, Route extends string> = Parameters<M, Route, "query">;

type Needed<Name extends string, Value> = [Value] extends [never]
  ? { readonly [N in Name]?: undefined }
  : Value extends undefined
    ? { readonly [N in Name]?: undefined }
    : { readonly [N in Name]: Value };

/** All that a request of this route has of its own. */
export type Request<M extends Method, Route extends string> = Needed<"path", InPath<M, Route>> &
  Needed<"body", Body<M, Route>> & { readonly query?: InQuery<M, Route> };
