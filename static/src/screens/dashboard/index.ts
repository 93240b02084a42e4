// The dashboard as the shell knows it.
import { screen } from "../../app/screens";
import Dashboard from "./Dashboard.svelte";

export default screen({ route: "home", audience: "somebody", component: Dashboard, props: () => ({}) });
