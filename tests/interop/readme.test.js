// The example in the README works as it stands there.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { test } from 'node:test'

import { Person } from './harness/person.js'
import { Scene } from './harness/scene.js'
import { until } from './harness/wait.js'

// A ticket that runs out several times while the test lasts.
const scene = Scene.forFile({ MOIM_TICKET_SECONDS: '4' })

/** Longer than a client without a new ticket is let be: its life, and 25 s. */
const LONGER = 35_000

test('the stock client of the README joins, reads and writes', async (t) => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const [, code] = readme.match(/```js\n(.*?)```/s)
  // In this folder, so that its imports are found.
  const file = new URL('./readme-example.mjs', import.meta.url)
  await writeFile(file, code)
  t.after(() => rm(file))

  const example = spawn(process.execPath, [file.pathname], {
    env: { ...process.env, MOIM: scene.server.http },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.after(() => example.kill())
  let printed = ''
  example.stdout.on('data', (text) => { printed += text })
  await until('it prints the title', () => printed === 'Jeju\n')

  const mina = await Person.logIn(scene.server, 'mina@example.org', 'correct horse battery staple')
  const { items: [trip] } = await mina.call('GET', '/trips')
  await until('its edit is there', async () => (await mina.projection(trip.id)).desc === 'Tangerines!')
  assert.equal(trip.title, 'Jeju')
  const visits = async () => {
    const numbers = await (await fetch(`${scene.server.http}/metrics`)).text()
    const line = /moim_http_requests_total{.*route="\/sync\/.*status="101"} (\d+)/.exec(numbers)
    return Number(line[1])
  }
  assert.equal(await visits(), 1)
  const end = Date.now() + LONGER
  await until('it has gone on for longer than a ticket lives', () => Date.now() > end, 2 * LONGER)
  assert.equal(await visits(), 1, 'it did not have to connect again')
  assert.equal(example.exitCode, null)
  const numbers = await (await fetch(`${scene.server.http}/metrics`)).text()
  assert.match(numbers, /moim_connections 1\n/)
})
