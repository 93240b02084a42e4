// Starts the client: mounts the shell into the page.
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";
import { mount } from "svelte";
import App from "./app/App.svelte";

const target = document.getElementById("app");
if (target) mount(App, { target });
