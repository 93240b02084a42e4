// The pages before the log-in, as the shell knows them.
import { screen } from "../../app/screens";
import LogIn from "./LogIn.svelte";
import Reset from "./Reset.svelte";
import SignUp from "./SignUp.svelte";

export default [
  screen({ route: "login", audience: "nobody", component: LogIn, props: ({ next }) => ({ next }) }),
  screen({ route: "signup", audience: "nobody", component: SignUp, props: ({ next }) => ({ next }) }),
  screen({ route: "reset", audience: "everybody", component: Reset, props: () => ({}) }),
];
