//! Numbers, dates and truth values as people write them.

use super::*;

#[test]
fn numbers() {
    check(vec![
        case("decimal commas", "a.csv", "a;b\n1,5;x\n-2,25;y\n", "a:Number b:Text ; 2: 1.5,x / -2.25,y")
            .says(&["Numbers have a decimal comma"]),
        case(
            "thousands by points",
            "a.csv",
            "a;b\n1.234,50;x\n12.000,00;y\n",
            "a:Number b:Text ; 2: 1234.5,x / 12000,y",
        )
        .says(&["thousands are separated"]),
        case(
            "thousands by commas",
            "a.csv",
            "a,b\n\"1,234.50\",x\n\"12,000.00\",y\n",
            "a:Number b:Text ; 2: 1234.5,x / 12000,y",
        ),
        case(
            "thousands by spaces",
            "a.csv",
            "a;b\n1 234,50;x\n12\u{a0}000,00;y\n",
            "a:Number b:Text ; 2: 1234.5,x / 12000,y",
        ),
        case(
            "thousands by apostrophes",
            "a.csv",
            "a;b\n1'234.50;x\n12'000.00;y\n",
            "a:Number b:Text ; 2: 1234.5,x / 12000,y",
        ),
        case(
            "both decimal marks, few rows",
            "a.csv",
            "a;b\n1,5;x\n1.5;y\n2,5;z\n",
            "a:Text b:Text ; 3: 1,5,x / 1.5,y / 2,5,z",
        ),
        case(
            "one decimal point among commas",
            "a.csv",
            lines("a;b", "1,5;x", 40, "1.5;y\n"),
            "a:Number b:Text ; 41: 1.5,x / 1.5,x / 1.5,x ; cell 41@42 a=`1.5`",
        )
        .says(&["1 of 41 cells are no numbers"]),
        case("numbers in quotes", "a.csv", "a,b\n\"1\",\"2.5\"\n\"3\",\"4\"\n", "a:Integer b:Number ; 2: 1,2.5 / 3,4"),
        case(
            "percent and currency",
            "a.csv",
            "a,b,c\n10%,$5.50,7 €\n20%,$7,8 €\n",
            "a:Integer b:Number c:Integer ; 2: 10,5.5,7 / 20,7,8",
        )
        .says(&["currency or percent signs were taken off"]),
        case("zeros in front", "a.csv", "zip,n\n01234,1\n98765,2\n", "zip:Text n:Integer ; 2: 01234,1 / 98765,2")
            .says(&["`zip` stays text"]),
        case(
            "numbers of telephones",
            "a.csv",
            "tel,n\n+4917012345,1\n+4917012346,2\n",
            "tel:Text n:Integer ; 2: +4917012345,1 / +4917012346,2",
        ),
        case(
            "numbers beyond 64 bits",
            "a.csv",
            "id,n\n12345678901234567890,1\n2,2\n",
            "id:Text n:Integer ; 2: 12345678901234567890,1 / 2,2",
        ),
        case(
            "too large for a whole number, as asked",
            "a.csv",
            "id,n\n9223372036854775808,1\n2,2\n",
            "id:Integer n:Integer ; 2: –,1 / 2,2 ; cell 1@2 id=`9223372036854775808`",
        )
        .with(|o| {
            o.types.insert("id".into(), Type::Integer);
        }),
        case(
            "not a number, infinity",
            "a.csv",
            lines("a,b", "1.5,x", 40, "NaN,x\ninf,y\n"),
            "a:Number b:Text ; 42: 1.5,x / 1.5,x / 1.5,x ; cell 42@43 a=`inf`",
        )
        .says(&["`a`: 1 cells such as `NaN` count as missing"]),
        case(
            "beyond any float",
            "a.csv",
            lines("a,b", "1.5,x", 40, "1e999,y\n"),
            "a:Number b:Text ; 41: 1.5,x / 1.5,x / 1.5,x ; cell 41@42 a=`1e999`",
        ),
        case("exponents and bare marks", "a.csv", "a\n1e3\n2.5E-2\n.5\n", "a:Number ; 3: 1000 / 0.025 / 0.5"),
        case("texts among few numbers", "a.csv", "a,b\n1,x\noops,y\n2,z\n", "a:Text b:Text ; 3: 1,x / oops,y / 2,z"),
        case(
            "one text among many numbers",
            "a.csv",
            lines("a,b", "1,x", 30, "oops,y\n"),
            "a:Integer b:Text ; 31: 1,x / 1,x / 1,x ; cell 31@32 a=`oops`",
        ),
        case(
            "ids that went through a data frame",
            "a.csv",
            "CustomerID,n\n17850.0,1\n,2\n13047.0,3\n",
            "CustomerID:Integer n:Integer ; 3: 17850,1 / –,2 / 13047,3",
        ),
        case("words for missing", "a.csv", "a,b\n1,NA\nNULL,x\n#DIV/0!,\\N\n", "a:Integer b:Text ; 3: 1,– / –,x / –,–"),
        case("a number for missing, as asked", "a.csv", "a,b\n1,x\n-999,y\n", "a:Integer b:Text ; 2: 1,x / –,y")
            .with(|o| o.missing = Some(vec!["-999".into()])),
        case(
            "a number for missing in one column",
            "a.csv",
            "a,b\n999.0,999\n5.5,999\n",
            "a:Number b:Integer ; 2: –,999 / 5.5,999",
        )
        .with(|o| {
            o.missing_in.insert("a".into(), vec!["999".into()]);
        }),
        case(
            "negative numbers of accounts",
            "a.csv",
            "a;b\n(1,234.50);5\n($20.00);\u{2212}6\n3.25;7\n12.00;8\n5;9\n",
            "a:Number b:Integer ; 5: -1234.5,5 / -20,-6 / 3.25,7",
        )
        .says(&["`a` is number: thousands are separated; 2 numbers in parentheses are negative."]),
        case("numbers of a list", "a.csv", "a,b\n(1),x\n(2),y\n", "a:Text b:Text ; 2: (1),x / (2),y"),
        case("mixed types", "a.csv", "a\n1\ntrue\n2024-01-01\nx\n", "a:Text ; 4: 1 / true / 2024-01-01"),
    ]);
}

#[test]
fn dates_and_truths() {
    check(vec![
        case("years of two digits", "a.csv", "d\n31/12/24\n01/02/69\n", "d:Time ; 2: 2024-12-31 / 1969-02-01")
            .says(&["Years of two digits (`d`; 2 cells): 00 to 68 are of 20xx, 69 to 99 of 19xx"]),
        case("years of two digits, as asked", "a.csv", "d\n31/12/24\n01/02/19\n", "d:Time ; 2: 1924-12-31 / 2019-02-01")
            .with(|o| o.pivot = Some(20)),
        case(
            "days of 1900",
            "a.csv",
            "d,n\n1900-01-01,1\n2024-05-06,2\n",
            "d:Time n:Integer ; 2: 1900-01-01,1 / 2024-05-06,2",
        ),
        case("days first", "a.csv", "d\n31/01/2024\n01/02/2024\n", "d:Time ; 2: 2024-01-31 / 2024-02-01")
            .says(&["`d`: dates are read day first: 2 cells are dates so, 1 would be month first."]),
        case("months first", "a.csv", "d\n01/31/2024\n02/01/2024\n", "d:Time ; 2: 2024-01-31 / 2024-02-01")
            .says(&["`d`: dates are read month first: 2 cells are dates so, 1 would be day first."]),
        case(
            "days first, as another column needs it",
            "a.csv",
            "d,e\n31/01/2024,03/04/2024\n01/02/2024,05/06/2024\n",
            "d:Time e:Time ; 2: 2024-01-31,2024-04-03 / 2024-02-01,2024-06-05",
        )
        .says(&["`e`: dates are read day first, as `d` needs it."]),
        case(
            "nothing decides day and month",
            "a.csv",
            "d;n\n03/04/2024;1\n05/06/2024;2\n",
            "d:Time n:Integer ; 2: 2024-04-03,1 / 2024-06-05,2",
        )
        .says(&["are taken as day first; nothing in the file decides it"]),
        case(
            "the order, as asked",
            "a.csv",
            "d;n\n03/04/2024;1\n05/06/2024;2\n",
            "d:Time n:Integer ; 2: 2024-03-04,1 / 2024-05-06,2",
        )
        .with(|o| o.dates = Some(DateOrder::MonthFirst)),
        case(
            "time zones",
            "a.csv",
            "t\n2024-01-31T10:00:00Z\n2024-02-01T11:30:00+01:00\n2024-02-01 00:00:00.250 UTC\n",
            "t:Time ; 3: 2024-01-31T10:00:00Z / 2024-02-01T10:30:00Z / 2024-02-01T00:00:00.250Z",
        ),
        case(
            "times without a zone",
            "a.csv",
            "t,u,n\n2024-01-31 10:00:00,2024-01-31,1\n2024-02-01 11:30:00,2024-02-01,2\n",
            "t:Time u:Time n:Integer ; 2: 2024-01-31T10:00:00Z,2024-01-31,1 / 2024-02-01T11:30:00Z,2024-02-01,2",
        )
        .says(&["Times without a zone (`t`) are read as UTC; choose another zone (--zone)"]),
        // On the 31st of March clocks go from 02:00 to 03:00, on the 27th of October from 03:00 back to 02:00.
        case(
            "the zone, as asked",
            "a.csv",
            "t,n\n2024-03-31 02:30:00,1\n2024-10-27T02:30:00,2\n1 July 2024 10:00,3\n2024-07-01,4\n2024-07-01T10:00:00Z,5\n",
            "t:Time n:Integer ; 5: 2024-03-31T01:30:00Z,1 / 2024-10-27T00:30:00Z,2 / 2024-07-01T08:00:00Z,3",
        )
        .with(|o| o.zone = Some("Europe/Berlin".into()))
        .says(&["mixes 1 times that name their zone with 3 that do not: these are read as Europe/Berlin; an hour that its clocks skip"]),
        case(
            "days in a zone stay days",
            "a.csv",
            "t,n\n2024-07-01,1\n2024-07-02,2\n",
            "t:Time n:Integer ; 2: 2024-07-01,1 / 2024-07-02,2",
        )
        .with(|o| o.zone = Some("Europe/Berlin".into())),
        case(
            "times with and without a zone",
            "a.csv",
            "t,n\n2024-01-31T10:00:00Z,1\n2024-01-31 10:00:00,2\n2024-01-31T10:00:00+01:00,3\n",
            "t:Time n:Integer ; 3: 2024-01-31T10:00:00Z,1 / 2024-01-31T10:00:00Z,2 / 2024-01-31T09:00:00Z,3",
        )
        .says(&["`t` mixes 2 times that name their zone with 1 that do not: these are read as UTC"]),
        case(
            "names of zones",
            "a.csv",
            "t,n\n2024-07-01 10:00 CET,1\n2024-07-01 10:00 Europe/Berlin,2\n2024-07-01T10:00:00-0500,3\n",
            "t:Time n:Integer ; 3: 2024-07-01T09:00:00Z,1 / 2024-07-01T08:00:00Z,2 / 2024-07-01T15:00:00Z,3",
        )
        .says(&["`t`: 3 times name their zone; all are kept as UTC."]),
        case(
            "a zone that is none",
            "a.csv",
            "t,n\n2024-07-01 10:00,1\n",
            "error: `Europe/Berln` is no time zone; name one of the IANA database, such as Europe/Berlin, America/New_York or UTC; did you mean `Europe/Berlin`?",
        )
        .with(|o| o.zone = Some("Europe/Berln".into())),
        case(
            "seconds since 1970",
            "a.csv",
            "created_at,n\n1700000000,1\n1700000060,2\n",
            "created_at:Time n:Integer ; 2: 2023-11-14T22:13:20Z,1 / 2023-11-14T22:14:20Z,2",
        )
        .says(&["`created_at` counts time since 1970"]),
        case(
            "milliseconds since 1970",
            "a.csv",
            "timestamp,n\n1700000000000,1\n1700000060500,2\n",
            "timestamp:Time n:Integer ; 2: 2023-11-14T22:13:20Z,1 / 2023-11-14T22:14:20.500Z,2",
        ),
        case(
            "large numbers that are no instants",
            "a.csv",
            "revenue\n1700000000\n1700000060\n",
            "revenue:Integer ; 2: 1700000000 / 1700000060",
        ),
        case(
            "eight digits",
            "a.csv",
            "id,date\n7,19970101\n8,19970112\n",
            "id:Integer date_:Time ; 2: 7,1997-01-01 / 8,1997-01-12",
        ),
        case(
            "names of months",
            "a.csv",
            "d\n\"Dec 31, 2024\"\n1 January 2025\n",
            "d:Time ; 2: 2024-12-31 / 2025-01-01",
        ),
        case(
            "days that are none",
            "a.csv",
            lines("d,n", "2024-02-01,1", 40, "2024-02-30,2\n0000-00-00,3\n"),
            "d:Text n:Integer ; 42: 2024-02-01,1 / 2024-02-01,1 / 2024-02-01,1",
        ),
        case(
            "one day that is none",
            "a.csv",
            lines("d,n", "2024-02-01,1", 40, "2024-02-30,2\n"),
            "d:Time n:Integer ; 41: 2024-02-01,1 / 2024-02-01,1 / 2024-02-01,1 ; cell 41@42 d=`2024-02-30`",
        ),
        case(
            "truth in English",
            "a.csv",
            "a,b,c\nYes,TRUE,y\nno,false,N\n",
            "a:Bool b:Bool c:Bool ; 2: true,true,true / false,false,false",
        ),
        case(
            "truth in other languages",
            "a.csv",
            "a,b,c,d,e\nja,oui,Sí,да,on\nNein,non,no,НЕТ,off\n",
            "a:Bool b:Bool c:Bool d:Bool e:Bool ; 2: true,true,true,true,true / false,false,false,false,false",
        ),
        case("a word alone is no truth", "a.csv", "a,b\nja,F\nja,F\n", "a:Text b:Text ; 2: ja,F / ja,F"),
        case("ones and zeros", "a.csv", "a\n0\n1\n0\n", "a:Integer ; 3: 0 / 1 / 0"),
    ]);
}
