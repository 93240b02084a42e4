// Waiting for what must come, with a deadline, so that no test sleeps and hopes.

import { setTimeout as pause } from 'node:timers/promises'

/** Resolves with the first truthy answer of `condition`, and fails with `what` if there is none in time. */
export async function until (what, condition, within = 15_000) {
  const deadline = Date.now() + within
  for (;;) {
    const answer = await condition()
    if (answer) return answer
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`)
    await pause(10)
  }
}
