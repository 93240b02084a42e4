// Free ports on the loopback, below those that the system gives to outgoing connections, so that a server can start again on its own.

import { once } from 'node:events'
import { createServer } from 'node:net'

const LOWEST = 20_000
const HIGHEST = 32_000
const TRIES = 100

const given = new Set()

/** A port that nobody listens on and that was not given before. */
export async function freePort () {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (given.has(port) || !await isFree(port)) continue
    given.add(port)
    return port
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`)
}

async function isFree (port) {
  const probe = createServer()
  const free = new Promise((resolve) => {
    probe.once('error', () => resolve(false))
    probe.once('listening', () => resolve(true))
  })
  probe.listen(port, '127.0.0.1')
  if (!await free) return false
  probe.close()
  await once(probe, 'close')
  return true
}
