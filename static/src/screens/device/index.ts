// What is kept on this device, as the shell knows it.
import { screen } from "../../app/screens";
import Device from "./Device.svelte";

export default screen({
  route: "device",
  audience: "somebody",
  component: Device,
  props: (_route, user) => (user === null ? null : { user }),
  key: ({ user }) => user,
});
