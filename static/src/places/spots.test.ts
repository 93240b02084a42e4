// Claims about what is understood as a spot on the earth.
import fc from "fast-check";
import { encode } from "pluscodes";
import { describe, expect, it } from "vitest";
import { linkedSpot } from "./links";
import { spotOf } from "./spots";

const at = (lat: number, lng: number, name = "") => ({
  lat: expect.closeTo(lat, 4) as number,
  lng: expect.closeTo(lng, 4) as number,
  name,
});

describe("coordinates", () => {
  it.each([
    "33.45, 126.57",
    "33.45,126.57",
    "33.45 126.57",
    "(33.45, 126.57)",
    "33.45° 126.57°",
    "33.45°N, 126.57°E",
    "33.45N 126.57E",
    "N33.45 E126.57",
    "33°27'N 126°34.2'E",
    "33° 27′ 00″ N, 126° 34′ 12″ E",
    "33°27'00.0\"N 126°34'12.0\"E",
    "33º27’N 126º34’12”E",
    "126.57°E 33.45°N",
    "126.57, 33.45",
    "３３．４５， １２６．５７",
    "북위 33.45 동경 126.57",
    "북위 33도 27분, 동경 126도 34분 12초",
    "위도 33.45, 경도 126.57",
    "lat: 33.45, lng: 126.57",
    "33,45; 126,57",
    "33.45 / 126.57",
    "geo:33.45,126.57",
    "geo:33.45,126.57;u=35",
    "geo:33.45,126.57?z=17",
    "geo:0,0?q=33.45,126.57",
  ])("%s", (text) => expect(spotOf(text)).toEqual(at(33.45, 126.57)));

  it.each([
    ["-33.8688, 151.2093", -33.8688, 151.2093],
    ["−33.8688, 151.2093", -33.8688, 151.2093],
    ["33°52'S 151°12'E", -33.8667, 151.2],
    ["40.7128° N, 74.0060° W", 40.7128, -74.006],
    ["0.00, -179.99", 0, -179.99],
    ["90.0000 180.0000", 90, 180],
  ])("%s", (text, lat, lng) => expect(spotOf(text)).toEqual(at(lat, lng)));

  it.each([
    "12 24",
    "12.24, 12.26",
    "7.15 8.20",
    "12, 24",
    "10:30, 11:30",
    "2026-12-24",
    "1.5, 2.5",
    "91.00, 181.00",
    "33°61'N 126°34'E",
    "33.45N 126.57N",
    "33.45",
    "성산일출봉",
    "12월 24일",
    "서울 127번 버스",
    "010-1234-5678",
    "33.45, 126.57, 12.00",
    "geo:",
    "",
  ])("%s is none", (text) => expect(spotOf(text)).toBeNull());

  it("keeps the label of a geo link", () =>
    expect(spotOf("geo:0,0?q=33.4581,126.9425(성산일출봉)")).toEqual(at(33.4581, 126.9425, "성산일출봉")));

  it("reads any pair of decimals that it could write", () => {
    const part = (most: number) => fc.double({ min: -most, max: most, noNaN: true }).map((value) => value.toFixed(5));
    fc.assert(
      fc.property(part(89), part(179), (lat, lng) => {
        expect(spotOf(`${lat}, ${lng}`)).toEqual(at(Number(lat), Number(lng)));
      }),
    );
  });

  it("reads a whole plus code", () => {
    const code = encode({ latitude: 33.4581, longitude: 126.9425 }, 10) ?? "";
    const read = spotOf(code.toLowerCase());
    expect(Math.abs((read?.lat ?? 0) - 33.4581) + Math.abs((read?.lng ?? 0) - 126.9425)).toBeLessThan(0.001);
    expect(spotOf("GJ8R+2W")).toBeNull();
  });
});

describe("a link to a map", () => {
  it.each([
    ["https://www.google.com/maps/place/%EC%84%B1%EC%82%B0%EC%9D%BC%EC%B6%9C%EB%B4%89/@33.4581,126.9399,17z/data=!3m1!4b1!4m6!3m5!1s0x350d148b!8m2!3d33.458111!4d126.942500!16zL20", 33.458111, 126.9425, "성산일출봉"],
    ["https://www.google.co.kr/maps/@33.45,126.57,15z?hl=ko", 33.45, 126.57, ""],
    ["https://maps.google.com/?q=33.45,126.57", 33.45, 126.57, ""],
    ["https://www.google.com/maps/search/?api=1&query=33.45%2C126.57", 33.45, 126.57, ""],
    ["https://www.google.com/maps/search/33.45,+126.57?entry=tts", 33.45, 126.57, ""],
    ["https://www.google.com/maps/place/33%C2%B027'00.0%22N+126%C2%B034'12.0%22E/@33.45,126.567,17z", 33.45, 126.57, ""],
    ["https://www.google.com/maps/dir/?api=1&destination=33.45,126.57", 33.45, 126.57, ""],
    ["https://maps.google.com/maps?ll=33.45,126.57&z=12", 33.45, 126.57, ""],
    ["https://map.naver.com/?lng=126.57&lat=33.45&title=%EC%84%B1%EC%82%B0", 33.45, 126.57, "성산"],
    ["https://map.naver.com/v5/?c=14089707.9,3955187.4,15,0,0,0,dh", 33.45, 126.57, ""],
    ["https://map.naver.com/p/directions/14130000.0,4500000.0,%EC%84%9C%EC%9A%B8,123,PLACE_POI/14089707.9,3955187.4,%EC%84%B1%EC%82%B0,456,PLACE_POI/-/transit", 33.45, 126.57, "성산"],
    ["nmap://place?lat=33.45&lng=126.57&name=%EC%84%B1%EC%82%B0&appname=x", 33.45, 126.57, "성산"],
    ["nmap://route/car?dlat=33.45&dlng=126.57&dname=%EC%84%B1%EC%82%B0", 33.45, 126.57, "성산"],
    ["https://map.kakao.com/link/map/성산일출봉,33.458,126.942", 33.458, 126.942, "성산일출봉"],
    ["https://map.kakao.com/link/to/%EC%B9%B4%ED%8E%98%2C%20%EC%84%AC,33.458,126.942", 33.458, 126.942, "카페, 섬"],
    ["https://map.kakao.com/link/map/33.458,126.942", 33.458, 126.942, ""],
    ["kakaomap://look?p=33.458,126.942", 33.458, 126.942, ""],
    ["https://www.openstreetmap.org/#map=17/33.45/126.57", 33.45, 126.57, ""],
    ["https://www.openstreetmap.org/?mlat=33.45&mlon=126.57#map=12/33.4/126.5", 33.45, 126.57, ""],
    ["https://maps.apple.com/?ll=33.45,126.57&q=%EC%84%B1%EC%82%B0", 33.45, 126.57, "성산"],
    ["https://maps.apple.com/place?coordinate=33.45,126.57&name=Seongsan", 33.45, 126.57, "Seongsan"],
    ["https://www.bing.com/maps?cp=33.45~126.57&lvl=15", 33.45, 126.57, ""],
    ["https://waze.com/ul?ll=33.45,126.57&navigate=yes", 33.45, 126.57, ""],
    ["https://yandex.com/maps/?ll=126.57%2C33.45&z=12", 33.45, 126.57, ""],
    ["maps.google.com/?q=33.45,126.57", 33.45, 126.57, ""],
    ["[지도] 성산 https://maps.google.com/?q=33.45,126.57.", 33.45, 126.57, ""],
  ])("%s", (text, lat, lng, name) => expect(linkedSpot(text)).toEqual(at(lat, lng, name)));

  it.each([
    "https://maps.app.goo.gl/AbCdEf123",
    "https://naver.me/GxYz12",
    "https://kko.to/abc",
    "https://place.map.kakao.com/12345",
    "https://map.naver.com/p/entry/place/11491438?c=15.00,0,0,0,dh",
    "https://maps.google.com/?q=91,200",
    "https://www.google.com/maps/place/%E0%A4%A/",
    "[네이버 지도] 성산일출봉 https://naver.me/GxYz12",
  ])("%s says nothing by itself", (text) => expect(linkedSpot(text)).toBe("unknown"));

  it.each(["https://example.org/?q=33.45,126.57", "성산일출봉", "맵 google", "https://", ""])(
    "%s is none",
    (text) => expect(linkedSpot(text)).toBeNull(),
  );
});
