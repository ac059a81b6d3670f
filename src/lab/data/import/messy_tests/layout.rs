//! Bytes, quotes, lines, headers and shapes of delimited text.

use super::*;

const CYRILLIC: &str = "name,city\nАнна,Москва\nИван,Казань\nОльга,Самара\nПётр,Тула\n";

#[test]
fn encodings() {
    let names: String = (0..12).map(|i| format!("{i},Zoë\n")).collect();
    let mut damaged = format!("n,name\n{names}").into_bytes();
    damaged.extend(b"12,Zo\xEB\n13,Ana\n");
    let far = lines("name,city", "plain,plain city", 70_000, CYRILLIC.trim_start_matches("name,city\n"));
    let far = String::from_utf8(far).unwrap();
    check(vec![
        case("UTF-8 with mark", "a.csv", "\u{FEFF}name,n\nZoë,1\n", "name:Text n:Integer ; 1: Zoë,1").says(&["by its byte order mark"]),
        case("UTF-16 little-endian", "a.csv", utf16("name,n\nZoë,1\n", true, true), "name:Text n:Integer ; 1: Zoë,1"),
        case("UTF-16 big-endian", "a.csv", utf16("name;n\nZoë;1\n", false, true), "name:Text n:Integer ; 1: Zoë,1"),
        case("UTF-16 without mark", "a.csv", utf16("name,n\nbell,1\n", true, false), "name:Text n:Integer ; 1: bell,1")
            .says(&["every second byte is zero"]),
        case("Windows-1252", "a.csv", b"name,n\n5 \x80,1\n\x93q\x94,2\n", "name:Text n:Integer ; 2: 5 €,1 / “q”,2")
            .says(&["Windows-1252", "line 2 holds the byte 80"]),
        case("Latin-1", "a.csv", b"name,n\nCaf\xE9,1\n", "name:Text n:Integer ; 1: Café,1"),
        case(
            "UTF-8 with one damaged byte",
            "a.csv",
            damaged,
            "n:Integer name:Text ; 13: 0,Zoë / 1,Zoë / 2,Zoë ; bad 13@14 `12,Zo\u{FFFD}`: the byte EB is not UTF-8",
        )
        .says(&["UTF-8, damaged: 12 characters fit it; 1 bytes do not, the first is EB in line 14", "1 of 14 rows were set aside"]),
        case("UTF-8 that is none, as asked", "a.csv", b"a,b\n1,2\n3,\xFF\n", "a:Integer b:Integer ; 1: 1,2 ; bad 2@3 `3,\u{FFFD}`: the byte FF is not UTF-8")
            .with(|o| o.csv.encoding = Some(Encoding::Utf8)),
        case(
            "names that are not UTF-8, as asked",
            "a.csv",
            b"a,\xFF\n1,2\n",
            "error: line 1: the names of the columns are not all UTF-8; the file may be Windows-1252 (Latin-1) or another encoding of its time: choose it (--encoding)",
        )
        .with(|o| o.csv.encoding = Some(Encoding::Utf8)),
        case(
            "UTF-16 cut in a character",
            "a.csv",
            &utf16("a,b\n1,2\n", true, true)[..15],
            "error: line 2: the file is UTF-16 and ends in the middle of a character; it was probably cut off; copy it again",
        ),
        case(
            "Cyrillic of Windows",
            "a.csv",
            encoding_rs::WINDOWS_1251.encode(CYRILLIC).0,
            "name:Text city:Text ; 4: Анна,Москва / Иван,Казань / Ольга,Самара",
        )
        .says(&["windows-1251, by the frequencies of its characters (line 2 holds the byte C0, which is not UTF-8)"]),
        case(
            "Cyrillic of Windows behind a long plain head",
            "a.csv",
            encoding_rs::WINDOWS_1251.encode(&far).0,
            "name:Text city:Text ; 70004: plain,plain city / plain,plain city / plain,plain city",
        )
        .says(&["windows-1251, by the frequencies of its characters (line 70002: the byte C0 is not UTF-8)"]),
        case(
            "Japanese",
            "a.csv",
            encoding_rs::SHIFT_JIS.encode("name,city\n田中さん,東京\n鈴木さん,大阪\n佐藤さん,京都\n").0,
            "name:Text city:Text ; 3: 田中さん,東京 / 鈴木さん,大阪 / 佐藤さん,京都",
        )
        .says(&["Shift_JIS, by the frequencies"]),
        case(
            "Central European, as asked",
            "a.csv",
            encoding_rs::WINDOWS_1250.encode("name,city\nŠárka,Plzeň\n").0,
            "name:Text city:Text ; 1: Šárka,Plzeň",
        )
        .with(|o| o.csv.encoding = Encoding::named("CP1250").ok()),
        case("bytes that are no characters", "a.csv", b"a,b\n1,\x93\x8C\x8B\x9E\n2,\xFF\n", "a:Integer b:Text ; 2: 1,東京 / 2,\u{FFFD}")
            .with(|o| o.csv.encoding = Encoding::named("shift_jis").ok())
            .says(&["1 bytes are no characters of Shift_JIS and are read as \u{FFFD}, the first in line 3."]),
        case(
            "UTF-32",
            "a.csv",
            "\u{FEFF}a,b\n1,2\n".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect::<Vec<_>>(),
            "error: the file is UTF-32, which is not read; save it again as UTF-8",
        ),
        case(
            "UTF-32 without a mark",
            "a.csv",
            "a,b\n1,2\n3,4\n".chars().flat_map(|c| u32::from(c).to_be_bytes()).collect::<Vec<_>>(),
            "error: the file is UTF-32, which is not read; save it again as UTF-8",
        ),
        case("noise", "a.csv", [1u8, 0, 2, 3, 0, 4, 5, 9, 0, 1], "error: line 1: the file is binary, not text; choose a file that holds a table"),
        case(
            "a NUL byte in a long file",
            "a.csv",
            lines("a,b", "1,x", 100, "2,\0y\n3,z\n"),
            "a:Integer b:Text ; 101: 1,x / 1,x / 1,x ; bad 101@102 `2,\0y`: a NUL byte stands in it",
        ),
    ]);
}

#[test]
fn quotes_and_lines() {
    check(vec![
        case(
            "a quote that never closes",
            "a.csv",
            "a,b\n1,\"x\n2,y\n3,z\n",
            "a:Integer b:Text ; 2: 2,y / 3,z ; bad 1@2 `1,\"x`: an opening \" has no end",
        ),
        case(
            "doubled quotes",
            "a.csv",
            "a,b\n1,\"say \"\"hi\"\"\"\n2,\"\"\n",
            "a:Integer b:Text ; 2: 1,say \"hi\" / 2,–",
        ),
        case("a stray quote in a cell", "a.csv", "a,b\n1,5\" pipe\n2,z\n", "a:Integer b:Text ; 2: 1,5\" pipe / 2,z"),
        case(
            "text behind a closing quote",
            "a.csv",
            "a,b\n1,\"x\"y\n2,z\n",
            "a:Integer b:Text ; 1: 2,z ; bad 1@2 `1,\"x\"y`: text stands behind a closing \"",
        ),
        case(
            "line ends in a cell",
            "a.csv",
            "a,b\r\n1,\"x\r\ny\"\r\noops\r\n",
            "a:Integer b:Text ; 1: 1,x\r⏎y ; bad 2@4 `oops`: 1 field where the table has 2",
        ),
        case(
            "three kinds of line ends",
            "a.csv",
            "a,b\r1,x\r\n2,y\n3,z\r4\r5,w",
            "a:Integer b:Text ; 4: 1,x / 2,y / 3,z ; bad 4@5 `4`: 1 field where the table has 2",
        )
        .says(&["Some lines end with a carriage return alone"]),
        case("carriage returns alone", "a.csv", "a,b\r1,x\r2,y\r", "a:Integer b:Text ; 2: 1,x / 2,y"),
        case("a carriage return in a cell", "a.csv", "a,b\n1,x\ry\n2,z\n", "a:Integer b:Text ; 2: 1,x\ry / 2,z"),
        case(
            "a short row",
            "a.csv",
            "a,b,c\n1,2,3\n4,5\n6,7,8\n",
            "a:Integer b:Integer c:Integer ; 2: 1,2,3 / 6,7,8 ; bad 2@3 `4,5`: 2 fields where the table has 3",
        ),
        case(
            "a long row",
            "a.csv",
            "a,b\n1,2\n3,4,5\n6,7\n",
            "a:Integer b:Integer ; 2: 1,2 / 6,7 ; bad 2@3 `3,4,5`: 3 fields where the table has 2",
        ),
        case(
            "empty fields behind some rows",
            "a.csv",
            "a,b\n1,2,,,\n3,4\n5,6, ,\n7,8,9\n",
            "a:Integer b:Integer ; 3: 1,2 / 3,4 / 5,6 ; bad 4@5 `7,8,9`: 3 fields where the table has 2",
        )
        .says(&["2 rows have empty fields behind the last column"]),
        case("empty fields behind every row", "a.csv", "a,b\n1,2,,,\n3,4,,,\n", "a:Integer b:Integer ; 2: 1,2 / 3,4"),
        case("tildes", "a.csv", "a~b\n1~x, y\n2~z\n", "a:Integer b:Text ; 2: 1,x, y / 2,z")
            .says(&["Fields are divided by tildes"]),
        case("quoted by apostrophes", "a.csv", "a;b\n1;'x;y'\n2;'it''s'\n", "a:Integer b:Text ; 2: 1,x;y / 2,it's")
            .says(&["Fields are quoted with '."]),
        case("apostrophes in words", "a.csv", "a,b\n1,'tis\n2,O'Brien\n", "a:Integer b:Text ; 2: 1,'tis / 2,O'Brien"),
        case(
            "quotes behind backslashes",
            "a.csv",
            "a,b\n1,\"x \\\"y\\\" z\"\n2,w\n",
            "a:Integer b:Text ; 1: 2,w ; bad 1@2 `1,\"x \\\"y\\\" z\"`: text stands behind a closing \"",
        )
        .says(&["escape quotes with a backslash"]),
        case("delimiters at the end of lines", "a.csv", "a,b,\n1,x,\n2,y,\n", "a:Integer b:Text ; 2: 1,x / 2,y")
            .says(&["the empty column behind it was left out"]),
        case("a row of delimiters", "a.csv", "a,b\n1,x\n,\n2,y\n", "a:Integer b:Text ; 3: 1,x / –,– / 2,y"),
        case(
            "blank lines and the end sign of DOS",
            "a.csv",
            "a,b\n\n1,x\n  \n2,y\n\x1A",
            "a:Integer b:Text ; 2: 1,x / 2,y",
        )
        .says(&["3 blank lines"]),
        case(
            "the last line is cut off",
            "a.csv",
            "a,b,c\n1,2,3\n4,",
            "a:Integer b:Integer c:Integer ; 1: 1,2,3 ; bad 2@3 `4,`: 2 fields where the table has 3",
        ),
        case(
            "no row fits",
            "a.csv",
            "a,b,c\n1,2\n3,4\n",
            "error: line 2: no row fits: the header names 3 fields, and the first row is set aside because 2 fields where the table has 3; check the delimiter, the quote and the encoding",
        ),
        case("a title and a delimiter named", "a.csv", "sep=;\na;b\n1,5;x\n2;y\n", "a:Number b:Text ; 2: 1.5,x / 2,y"),
        case("titles above", "a.csv", "Report\n\na,b\n1,2\n3,4\n", "a:Integer b:Integer ; 2: 1,2 / 3,4")
            .says(&["Passed over above the table: Report"]),
        case(
            "tabs, blanks inside",
            "a.tsv",
            "id\tname\n1\tAnna Bell\n2\t Bo \n",
            "id:Integer name:Text ; 2: 1,Anna Bell / 2,Bo",
        )
        .says(&["divided by tabs", "spaces around 1 cells"]),
        case(
            "columns of blanks",
            "a.txt",
            " 01 19970101  1   11.77\r\n 02 19970112 12    5.00\r\n",
            "column_1:Text column_2:Integer column_3:Integer column_4:Number ; 2: 01,19970101,1,11.77 / 02,19970112,12,5",
        ),
    ]);
}

#[test]
fn headers_and_shapes() {
    let wide = |cell: fn(usize) -> String| (0..5_000).map(cell).collect::<Vec<_>>().join(",");
    let many = format!("{}\n{}\n", wide(|i| format!("c{i}")), wide(|i| i.to_string()));
    let columns: Vec<String> = (0..5_000).map(|i| format!("c{i}:Integer")).collect();
    let many_outcome = format!("{} ; 1: {}", columns.join(" "), wide(|i| i.to_string()));
    let long = "x".repeat(10 << 20);
    check(vec![
        case("empty", "a.csv", "", "error: the file is empty; choose a file that holds a table"),
        case("nothing but blanks", "a.csv", "\n \n\t\n", "error: the file is empty; choose a file that holds a table"),
        case("nothing but a mark", "a.csv", "\u{FEFF}", "error: the file is empty; choose a file that holds a table"),
        case(
            "names alone",
            "a.csv",
            "a,b\n",
            "error: the file names its columns and holds no rows; choose a file with rows below the header",
        ),
        case("names twice", "a.csv", "x,x,y\n1,2,3\n", "x:Integer x_2:Integer y:Integer ; 1: 1,2,3")
            .says(&["Two columns are called `x`; column 2 is now `x (2)`"]),
        case("names that are empty", "a.csv", "a,,c\n1,2,3\n", "a:Integer column_2:Integer c:Integer ; 1: 1,2,3")
            .says(&["Column 2 has no name"]),
        case(
            "names that rules have",
            "a.csv",
            "if,let,fn,score,2x\n1,2,3,4,5\n",
            "if_:Integer let_:Integer fn_:Integer score_:Integer c_2x:Integer ; 1: 1,2,3,4,5",
        ),
        case("names over two lines", "a.csv", "\"a\nb\",c\n1,2\n", "a_b:Integer c:Integer ; 1: 1,2"),
        case("no names", "a.csv", "1,2.5\n3,4.5\n", "column_1:Integer column_2:Number ; 2: 1,2.5 / 3,4.5")
            .says(&["No header"]),
        case("one cell", "a.csv", "7", "column_1:Integer ; 1: 7"),
        case("5,000 columns", "a.csv", many, &many_outcome),
        case(
            "a cell of 10 MB",
            "a.csv",
            format!("a,b\n1,{long}\n2,y\n"),
            &format!("a:Integer b:Text ; 2: 1,{long} / 2,y"),
        ),
        case(
            "columns without any value",
            "a.csv",
            "a,b,c\n1,,NA\n2, ,NA\n",
            "a:Integer b:Text c:Text ; 2: 1,–,– / 2,–,–",
        )
        .says(&["`b` has no value at all", "2 cells such as `NA`"]),
        case("some columns only", "a.csv", "a,b,c\n1,x,2\n3,y,4\n", "a:Integer c:Integer ; 2: 1,2 / 3,4")
            .with(|o| o.only = Some(vec!["c".into(), "a".into()])),
        case(
            "a column that is not there",
            "a.csv",
            "amount,b\n1,x\n",
            "error: column `amonut`: is asked for and is not a column of the file; did you mean `amount`?",
        )
        .with(|o| o.only = Some(vec!["amonut".into()])),
        case(
            "too few names given",
            "a.csv",
            "1,x\n2,y\n",
            "error: line 1: 1 names are given for 2 fields; give one name for each column, in order",
        )
        .with(|o| o.csv.names = Some(vec!["n".into()])),
    ]);
}
