// The real server as a child process: started on a free port with a data folder of its own, killed, and started again.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { freePort } from './ports.js'
import { until } from './wait.js'

export const BINARY = process.env.MOIM_BIN ?? fileURLToPath(new URL('../../../target/debug/moim', import.meta.url))

/** All tests come from one address, faster than people do. */
export const GENEROUS = {
  MOIM_SIGN_UPS_PER_HOUR: '1000',
  MOIM_LOGINS_PER_MINUTE: '1000',
  MOIM_INVITES_PER_MINUTE: '1000',
  MOIM_REQUESTS_PER_MINUTE: '100000'
}

export class Server {
  /** Starts a server that nobody has used before, with these variables besides. */
  static async start (settings = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'moim-interop-'))
    const server = new Server(folder, await freePort(), settings)
    await server.run()
    return server
  }

  constructor (folder, port, settings = {}) {
    this.settings = settings
    this.folder = folder
    this.log = join(folder, 'log')
    this.http = `http://127.0.0.1:${port}`
    this.ws = `ws://127.0.0.1:${port}/sync`
    this.address = `127.0.0.1:${port}`
  }

  /** Starts the process, and returns when it says that it is ready. */
  async run () {
    const log = await open(this.log, 'a')
    this.process = spawn(BINARY, ['serve', '--listen', this.address, '--data', join(this.folder, 'data')], {
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...GENEROUS, ...this.settings }
    })
    this.exit = once(this.process, 'exit')
    await log.close()
    await until('the server is ready', () => this.isReady())
  }

  async isReady () {
    if (this.process.exitCode !== null) {
      throw new Error(`the server ended by itself:\n${await readFile(this.log, 'utf8')}`)
    }
    return fetch(`${this.http}/readyz`).then((answer) => answer.ok, () => false)
  }

  /** `kill -9`: the process gets no chance to write anything. */
  async kill () {
    this.process.kill('SIGKILL')
    await this.exit
  }

  /** Asks the process to stop, waits for it and removes its data. */
  async stop () {
    this.process.kill('SIGTERM')
    const [code] = await this.exit
    await rm(this.folder, { recursive: true })
    if (code !== 0) throw new Error(`the server stopped with ${code}`)
  }
}
