// The page of an invitation, as the shell knows it.
import { screen } from "../../app/screens";
import Invite from "./Invite.svelte";

export default screen({
  route: "invite",
  audience: "everybody",
  component: Invite,
  props: ({ token }) => ({ token }),
  key: ({ token }) => token,
});
