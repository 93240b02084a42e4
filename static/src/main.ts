// Starts the client: mounts the shell with its screens into the page.
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";
import { mount } from "svelte";
import App from "./app/App.svelte";
import account from "./screens/account";
import dashboard from "./screens/dashboard";
import device from "./screens/device";
import editor from "./screens/editor";
import invite from "./screens/invite";

const screens = [dashboard, device, editor, invite, ...account];
const target = document.getElementById("app");
if (target) mount(App, { target, props: { screens } });
