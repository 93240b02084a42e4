// The editor of a trip, as the shell knows it: loaded when the first trip is opened.
import { screen } from "../../app/screens";

export default screen({
  route: "trip",
  audience: "somebody",
  stays: true,
  load: () => import("./Editor.svelte"),
  props: ({ id }) => ({ id }),
  key: ({ id }) => id,
});
