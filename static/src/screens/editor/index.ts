// The editor of a trip, as the shell knows it: loaded when the first trip is opened.
import { screen } from "../../app/screens";
import { LOAD_MS, within } from "../../deadline";

export default screen({
  route: "trip",
  audience: "somebody",
  stays: true,
  load: () => within(LOAD_MS, () => import("./Editor.svelte")),
  props: ({ id }) => ({ id }),
  key: ({ id }) => id,
});
