// What survives kill -9: everything that was acknowledged, and the clients come back by themselves.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as Y from 'yjs'

import { converged } from './harness/peer.js'
import { insertion, update } from './harness/raw.js'
import { Random } from './harness/random.js'
import { Scene } from './harness/scene.js'
import * as trip from './harness/trip.js'
import { until } from './harness/wait.js'

const scene = Scene.forFile()

async function killAndRestart () {
  await scene.server.kill()
  await scene.server.run()
}

test('after kill -9 both come back by themselves and nothing is missing', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const b = await scene.join(t, id)
  for (let n = 0; n < 100; n++) trip.addCard(n % 2 ? a.doc : b.doc, `d${1 + n % 3}`, `card ${n}`)
  await scene.server.kill()
  trip.addCard(a.doc, 'd1', 'made while the server was down')
  await scene.server.run()
  await converged([a, b])

  a.leave()
  b.leave()
  await killAndRestart()
  const fresh = await scene.join(t, id)
  assert.equal(Object.values(trip.board(fresh.doc)).flat().length, 101)
})

/** W4 */
test('each edit that was acknowledged is there after kill -9 in the same instant', async (t) => {
  const random = new Random(4)
  const id = await scene.trip()
  let acknowledged = 0
  for (let life = 0; life < 5; life++) {
    const raw = await scene.open(t, id, { ack: 1 })
    const count = 1 + random.below(40)
    for (let n = 0; n < count; n++) raw.send(update(insertion('x', 'day:d1:note')))
    const wanted = 1 + random.below(count)
    await until('the acknowledgement', () => raw.stored >= wanted)
    await scene.server.kill()
    acknowledged += raw.stored
    await scene.server.run()
    const fresh = await scene.join(t, id)
    const there = fresh.doc.getText('day:d1:note').length
    assert.ok(there >= acknowledged, `${there} of ${acknowledged} acknowledged edits are there`)
    acknowledged = there
  }
})

/** W5 */
test('a client without ?ack=1 gets its own update back once it is durable', async (t) => {
  const id = await scene.trip()
  const raw = await scene.open(t, id)
  const edit = insertion('durable')
  raw.send(update(edit))
  const echo = await raw.hears('the echo', ({ kind, bytes }) => kind === 'update' && Buffer.from(bytes).includes(edit))
  await killAndRestart()
  const fresh = await scene.join(t, id)
  assert.equal(fresh.doc.getText('desc').toString(), 'durable')
  assert.doesNotThrow(() => Y.decodeUpdate(echo.bytes))
})

test('people, trips and roles are there after kill -9', async (t) => {
  const id = await scene.trip({ title: 'Osaka' })
  const viewer = await scene.member(id, 'viewer')
  await killAndRestart()
  assert.equal((await viewer.call('GET', `/trips/${id}`)).role, 'viewer')
  assert.equal((await scene.owner.projection(id)).title, 'Osaka')
})
