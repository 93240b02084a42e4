// A document that lives long: `node honest/soak.js`, MOIM_HONEST_EDITS edits (1 000 000) by four authors of all kinds in turn.

import { after, before, test } from 'node:test'

import { KINDS } from './kinds.js'
import { AT_ONCE, Session } from './session.js'
import { Random } from '../harness/random.js'
import { Scene } from '../harness/scene.js'

const EDITS = Number(process.env.MOIM_HONEST_EDITS ?? 1_000_000)
const SEED = Number(process.env.MOIM_HONEST_SEED ?? 1)
const AUTHORS = 4
const ROUND = 2_000

const scene = Scene.forFile(AT_ONCE)
let session
before(async () => { session = await Session.open(scene, AUTHORS) })
after(() => session.leave())

test(`${EDITS} edits in one document, seed ${SEED}`, { timeout: 6 * 3_600_000 }, async () => {
  const random = new Random(SEED)
  const kinds = Object.values(KINDS)
  const mixed = (doc, me, random) => random.pick(kinds)(doc, me, random)
  console.log('edits, milliseconds an edit, MiB of the server')
  for (let round = 1; session.edits < EDITS; round++) {
    const began = performance.now()
    await session.run(ROUND / AUTHORS, mixed, random)
    if (round % 5 === 0) await session.apart(20, mixed, random)
    if (round % 10 === 0) {
      const each = (performance.now() - began) / ROUND
      console.log(`${session.edits}, ${each.toFixed(3)}, ${await session.memory()}`)
    }
    if (round % 100 === 0) await session.restarted(mixed, random)
  }
  await session.restarted(mixed, random)
  console.log(`${session.edits} edits, ${await session.memory()} MiB after the last restart`)
})
