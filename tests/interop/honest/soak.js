// A document that lives long: `node honest/soak.js`, MOIM_HONEST_EDITS edits (1 000 000) by four authors of all kinds in turn.

import { test } from 'node:test'

import { KINDS } from './kinds.js'
import { AT_ONCE, Session } from './session.js'
import { Random } from '../harness/random.js'
import { Scene } from '../harness/scene.js'

const EDITS = Number(process.env.MOIM_HONEST_EDITS ?? 1_000_000)
const SEED = Number(process.env.MOIM_HONEST_SEED ?? 1)
const AUTHORS = 4
const ROUND = 2_000
/** What others do in the meantime comes in fewer messages, as in a busy room. */
const TURN = 10
/** After so many rounds one goes offline for a while, a line is written, the server is killed. */
const EVERY = { apart: 5, line: 10, restart: 50 }

/** These clients ask for one ticket each. */
const scene = Scene.forFile({ ...AT_ONCE, MOIM_TICKET_SECONDS: '86400' })

/** What it costs, as a table: each line is about the edits since the one before. */
class Costs {
  constructor (session) {
    this.session = session
    console.log('edits | a second | ms of CPU an edit: clients, server | MiB of the server: now, peak | KiB of the document | MiB on disk')
  }

  async begin () {
    this.edits = this.session.edits
    this.from = performance.now()
    this.clients = process.cpuUsage()
    this.server = await this.session.processor()
  }

  async line () {
    const { session } = this
    const edits = session.edits - this.edits
    const perSecond = edits / (performance.now() - this.from) * 1_000
    const { user, system } = process.cpuUsage(this.clients)
    const clients = (user + system) / 1_000 / edits
    const server = (await session.processor() - this.server) / edits
    const { now, peak } = await session.memory()
    const [document, disk] = [session.documentBytes() / 2 ** 10, await session.diskBytes() / 2 ** 20]
    console.log([session.edits, perSecond.toFixed(0), `${clients.toFixed(2)}, ${server.toFixed(2)}`, `${now}, ${peak}`,
      document.toFixed(0), disk.toFixed(1)].join(' | '))
    await this.begin()
  }
}

async function live (session) {
  const random = new Random(SEED)
  const kinds = Object.values(KINDS)
  const mixed = (doc, me, random) => random.pick(kinds)(doc, me, random)
  const costs = new Costs(session)
  await costs.begin()
  for (let round = 1; session.edits < EDITS; round++) {
    await session.run(ROUND / AUTHORS, mixed, random)
    if (round % EVERY.apart === 0) await session.apart(20, mixed, random)
    if (round % EVERY.line === 0) await costs.line()
    if (round % EVERY.restart === 0) {
      await session.restarted(mixed, random)
      await costs.begin()
    }
  }
  const began = performance.now()
  await session.restarted(mixed, random)
  const seconds = ((performance.now() - began) / 1_000).toFixed(1)
  console.log(`${session.edits} edits; the last restart: ${seconds} s, ${(await session.memory()).now} MiB after it`)
}

test(`${EDITS} edits in one document, seed ${SEED}`, { timeout: 6 * 3_600_000 }, async (t) => {
  const session = await Session.open(scene, AUTHORS, TURN)
  t.after(() => session.leave())
  await live(session).catch(async (error) => {
    console.log((await session.warnings()).join('\n'))
    throw error
  })
})
