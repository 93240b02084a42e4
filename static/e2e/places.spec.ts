// Finding places: what is shown is what Enter takes, and what to do where nothing is known.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

const KOREAN = { locale: 'ko-KR' }

test('Enter takes the place for the text that is typed, also before it is shown', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina', 'ko')
  const page = await browse(mina, KOREAN)
  // The places are loaded at the first letter: Enter is pressed long before they are there.
  await page.route(/gazetteer/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await route.continue()
  })
  const editor = await EditorPage.open(page, await mina.createTrip({ days: 1 }))
  await editor.day(1).getByTestId('add-place').click()
  const line = editor.day(1).getByTestId('quick-add-input')
  await line.pressSequentially('이스탄불')
  await line.press('Enter')
  await expect(line, 'ready for the next one').toHaveValue('')
  await line.pressSequentially('김해공항')
  await line.press('Enter')
  await line.fill('점심은 아무 데서나')
  await line.press('Enter')
  await editor.expectDay(1, ['이스탄불', '김해국제공항', '점심은 아무 데서나'])
  await line.press('Escape')
  for (const [title, place] of [['이스탄불', 'Istanbul'], ['김해국제공항', 'Gimhae']] as const) {
    await editor.openCard(title)
    await expect(page.getByTestId('field-place')).toContainText(place)
    await page.getByTestId('panel-close').click()
  }
})

const KNOWN_AS = [
  ['KIX', 'Kansai International Airport'],
  ['diyarbakir', 'Diyarbakır'],
  ['Ｔｏｋｙｏ', 'Tokyo'],
  ['東京', 'Tokyo'],
  ['33.4581, 126.9425', 'Seongsan Ilchulbong'],
  ['https://map.kakao.com/link/map/Our%20pension,33.45,126.57', 'Our pension'],
] as const

test('a place is found by its code, without its accents, in other letters, by coordinates and by a link', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 1 }))
  await editor.day(1).getByTestId('add-place').click()
  const line = editor.day(1).getByTestId('quick-add-input')
  for (const [nth, [query, label]] of KNOWN_AS.entries()) {
    await test.step(`"${query}" is ${label}`, async () => {
      await line.fill(query)
      await expect(editor.page.getByTestId('suggestion').first()).toContainText(label)
      await line.press('Enter')
      await editor.expectDay(1, KNOWN_AS.slice(0, nth + 1).map(([, name]) => name))
    })
  }
})

test('a place that nobody knows is said to be unknown, and can be added without one or picked on the map', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 1 }))
  const { page } = editor
  const line = editor.day(1).getByTestId('quick-add-input')
  await editor.day(1).getByTestId('add-place').click()

  await line.fill('Grandmas house qqq')
  await expect(page.getByTestId('place-unknown')).toContainText('No place of this name')
  await page.getByTestId('offer-plain').click()
  await expect(editor.card('Grandmas house qqq')).toBeVisible()

  await line.fill('https://naver.me/GxYz12')
  await expect(page.getByTestId('place-unknown')).toContainText('This link alone')

  await line.fill('The old pier qqq')
  await page.getByTestId('offer-map').click()
  await expect(page.getByTestId('pick-bar')).toContainText('The old pier qqq')
  await page.getByTestId('map').locator('canvas').click({ position: { x: 250, y: 300 } })
  await expect(page.getByTestId('pick-bar')).toHaveCount(0)
  await editor.openCard('The old pier qqq')
  await expect(page.getByTestId('place-replace')).toBeVisible()

  // From the sheet of a card, and out of it again.
  await page.getByTestId('place-pick').click()
  await expect(page.getByTestId('card-sheet')).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('pick-bar')).toHaveCount(0)
  await expect(page.getByTestId('card-sheet'), 'it opens again').toBeVisible()
})

test('a card is found without its accents, and by its initials', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const editor = await EditorPage.open(await browse(mina), await mina.createTrip({ days: 1 }))
  await editor.addNotes(1, 'Café de Flore', '성산 일출봉')
  for (const [query, title] of [['cafe de', 'Café de Flore'], ['ㅅㅅㅇㅊ', '성산 일출봉']] as const) {
    await editor.page.keyboard.press('/')
    await editor.page.getByTestId('search-input').fill(query)
    await expect(editor.page.getByTestId('search-hit')).toHaveText([title].map((text) => new RegExp(text)))
    await editor.page.keyboard.press('Enter')
    await expect(editor.card(title)).toBeFocused()
  }
})

test('cards on both sides of the 180th meridian lie side by side, and so do cursors', async ({ browse, server }) => {
  const [mina, juno] = [await Person.signUp(server, 'Mina'), await Person.signUp(server, 'Juno')]
  const trip = await mina.createTrip({ days: 1 })
  await mina.share(trip, juno, 'editor')
  const [a, b] = [await EditorPage.open(await browse(mina), trip), await EditorPage.open(await browse(juno), trip)]
  await a.day(1).getByTestId('add-place').click()
  const line = a.day(1).getByTestId('quick-add-input')
  for (const at of ['-17.7600, 177.4400', '-16.7900, -179.9000']) {
    await line.fill(at)
    await a.page.getByTestId('suggestion').first().click()
  }
  await line.press('Escape')
  for (const { page } of [a, b]) {
    await expect(page.locator('[data-pin]')).toHaveCount(2)
    await page.locator('body').press('f')
    const map = await page.getByTestId('map').boundingBox()
    await expect.poll(async () => {
      const boxes = await Promise.all((await page.locator('[data-pin]').all()).map((pin) => pin.boundingBox()))
      const inside = boxes.filter((box) => box && map && box.x > map.x && box.x < map.x + map.width)
      const [one, other] = boxes.map((box) => box?.x ?? 0)
      return inside.length === 2 && Math.abs((one ?? 0) - (other ?? 0)) > 60
    }, 'both are on the map, apart from each other').toBe(true)
  }
  await b.page.locator('[data-pin]').nth(1).hover({ force: true })
  const box = await b.page.getByTestId('map').boundingBox()
  if (box === null) throw new Error('no map')
  await b.page.mouse.move(box.x + box.width * 0.85, box.y + box.height / 2, { steps: 5 })
  const cursor = a.page.locator('.peer').first()
  await expect.poll(async () => {
    const [at, map] = [await cursor.locator('svg').boundingBox(), await a.page.getByTestId('map').boundingBox()]
    return at !== null && map !== null && at.x >= map.x && at.x <= map.x + map.width
  }, 'the cursor of the other is on the map').toBe(true)
})
