// Random rounds in real browsers: two people edit offline and on, beyond limits, through lost servers, changed roles,
// resets and restores; in the end every text is on the server, or on the device, listed, and goes in when there is room.

import { readFile } from 'node:fs/promises'

import { Random } from '../../tests/interop/harness/random.js'
import { Server } from '../../tests/interop/harness/server.js'
import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

/** `MOIM_BROWSER_ROUNDS=20` plays more, `MOIM_BROWSER_SEED=17` begins elsewhere. */
const ROUNDS = Number(process.env.MOIM_BROWSER_ROUNDS ?? 1)
const SEED = Number(process.env.MOIM_BROWSER_SEED ?? 2)
const STEPS = 24
/** In the first part of a round a trip holds so many cards; in the end there is room for all. */
const FEW = '8'

test.use({
  server: async ({}, use) => {
    const server = await Server.start({ MOIM_CARDS: FEW })
    await use(server)
    await server.stop()
  },
})

/** One person in one browser, and every text that they typed. */
class Traveller {
  isOnline = true
  readonly typed: string[] = []
  #texts = 0

  constructor(
    readonly name: string,
    readonly person: Person,
    readonly editor: EditorPage,
  ) {}

  get page() {
    return this.editor.page
  }

  /** Whether the editor takes edits: not from who may only read, nor while it asks what to do. */
  async mayType(): Promise<boolean> {
    return (await this.page.locator('[data-testid=add-note]:enabled:visible').count()) > 0
  }

  private text(): string {
    // None is a part of another one, and none comes twice.
    const text = `${this.name} wrote ${String(++this.#texts).padStart(3, '0')}`
    this.typed.push(text)
    return text
  }

  /** A new card; told beforehand that there is no room, the person has typed nothing that could be lost. */
  async addCard(day: number): Promise<void> {
    if (!(await this.mayType())) return
    const [text, line] = [this.text(), this.editor.day(day).getByTestId('quick-add-input')]
    await this.editor.day(day).getByTestId('add-note').click()
    await line.fill(text)
    await line.press('Enter')
    const refused = this.page.getByTestId('toasts').filter({ hasText: `${FEW} cards` })
    await expect(this.editor.card(text).or(refused).first()).toBeVisible()
    if (!(await this.editor.card(text).isVisible())) this.typed.pop()
    if (await line.isVisible()) await line.press('Escape')
  }

  async writeNote(random: Random): Promise<void> {
    const titles = await this.page.getByTestId('card').evaluateAll((cards) => cards.map((card) => card.dataset.title ?? ''))
    if (titles.length === 0 || !(await this.mayType())) return
    await this.editor.openCard(random.pick(titles))
    await this.editor.note.press('End')
    await this.editor.note.pressSequentially(`\n${this.text()}.`)
    await this.page.getByTestId('panel-close').click()
  }

  async turn(online: boolean): Promise<void> {
    this.isOnline = online
    await this.page.context().setOffline(!online)
  }

  /** Back with whatever is needed: a reload where the page asks for one. */
  async comeBack(): Promise<void> {
    await this.turn(true)
    await this.page.reload()
    await this.editor.expectState('saved', 90_000)
  }

  /** Has all that is kept on the device go in, and gives back what stays listed, as files. */
  async bringIn(): Promise<string[]> {
    const [bar, dialog] = [this.page.getByTestId('kept-bar'), this.page.getByTestId('kept-dialog')]
    if ((await bar.count()) === 0) return []
    await bar.getByTestId('kept-open').click()
    const files: string[] = []
    for (let left = await dialog.getByTestId('kept-copy').count(); left > 0; left--) {
      const copy = dialog.getByTestId('kept-copy').nth(files.length)
      const merging = copy.getByTestId('kept-merge')
      if (await merging.isVisible()) {
        await merging.click()
        await expect(dialog.getByTestId('kept-copy')).toHaveCount(left - 1 + files.length)
        continue
      }
      const [download] = await Promise.all([this.page.waitForEvent('download'), copy.getByTestId('kept-save').click()])
      files.push(await readFile(await download.path(), 'utf8'))
    }
    await this.page.keyboard.press('Escape')
    await this.editor.expectState('saved', 90_000)
    return files
  }
}

for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
  test(`nothing that two people typed is lost (seed ${seed})`, async ({ browse, server }) => {
    test.setTimeout(300_000)
    const random = new Random(seed)
    const [ara, byeol] = [await Person.signUp(server, 'Ara'), await Person.signUp(server, 'Byeol')]
    const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
    await ara.share(trip, byeol, 'editor')
    const people: [Traveller, Traveller] = [
      new Traveller('Ara', ara, await EditorPage.open(await browse(ara), trip)),
      new Traveller('Byeol', byeol, await EditorPage.open(await browse(byeol), trip)),
    ]
    const versions: string[] = []
    let isUp = true

    const steps = {
      card: (one: Traveller) => one.addCard(1 + random.below(2)),
      note: (one: Traveller) => one.writeNote(random),
      offline: (one: Traveller) => one.turn(!one.isOnline),
      reload: async (one: Traveller) => {
        if (one.isOnline && isUp) await one.page.reload()
      },
      server: async () => {
        if (isUp) await server.kill()
        else await server.run()
        isUp = !isUp
      },
      role: async () => {
        if (isUp) await ara.setRole(trip, byeol, random.pick(['viewer', 'editor']))
      },
      version: async () => {
        if (isUp) versions.push((await ara.call('POST', `/documents/${trip}/versions`, {})).id)
      },
      restore: async () => {
        if (isUp && versions.length > 0) versions.push((await ara.call('POST', `/versions/${random.pick(versions)}/restore`, {})).before.id)
      },
      reset: async () => {
        if (isUp) versions.push((await ara.call('POST', `/documents/${trip}/renewals`, {})).before.id)
      },
    }
    const often = ['card', 'card', 'card', 'note', 'note', 'offline', 'offline'] as const
    const seldom = ['reload', 'server', 'role', 'version', 'restore', 'reset'] as const
    for (let n = 0; n < STEPS; n++) {
      const what = random.pick(random.chance(0.7) ? [...often] : [...seldom])
      const one = random.pick(people)
      await test.step(`${n}: ${one.name}, ${what}`, () => steps[what](one))
    }

    // There is room for all now, and everybody may write.
    if (isUp) await server.kill()
    server.settings = {}
    await server.run()
    await ara.setRole(trip, byeol, 'editor')
    for (const one of people) await one.comeBack()
    const kept = [...(await people[0].bringIn()), ...(await people[1].bringIn())]
    const read = async (id: string) => JSON.stringify((await ara.call('GET', `/versions/${id}`)).projection)
    const found = [JSON.stringify(await ara.projection(trip)), ...(await Promise.all(versions.map(read))), ...kept].join('\n')
    const lost = people.flatMap(({ typed }) => typed).filter((text) => !found.includes(text))
    expect(lost).toEqual([])
  })
}
