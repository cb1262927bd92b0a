"""Fixtures of TensorFlow object detection CSV."""

from fixture import case, image, obj, picture, there

HEADER = "filename,width,height,class,xmin,ymin,xmax,ymax\n"


def csv_good() -> None:
    def one(line, name="cat", box=(4, 5, 20, 25), **more):
        return obj(name, box, line=line, **more)

    case("csv", "dat-tran", {
        "data/train_labels.csv": HEADER + "b.png,40,30,dog,0,0,40,30\na.png,40,30,cat,4,5,20,25\nb.png,40,30,cat,1,2,3,4\n",
        "data/test_labels.csv": HEADER + "c.png,40,30,cat,4,5,20,25\n",
        "images/a.png": picture(1), "images/b.png": picture(2), "images/c.png": picture(3), "images/unlabelled.png": picture(4),
    }, {
        "format": "csv", "classes": ["cat", "dog"], "ordered": False, "remarks": ["images in no row, left out: 1"],
        "images": [
            there("images/a.png", one(3), split="train"),
            there("images/b.png", one(2, "dog", (0, 0, 40, 30)), one(4, "cat", (1, 2, 3, 4)), split="train"),
            there("images/c.png", one(2), split="test"),
        ],
        "problems": [],
    })

    case("csv", "roboflow", {
        f"{part}/_annotations.csv": HEADER + "a_png.rf.1.png,40,30,traffic sign,4,5,20,25\n" for part in ("train", "valid")
    } | {f"{part}/a_png.rf.1.png": picture(5) for part in ("train", "valid")}, {
        "format": "csv", "classes": ["traffic sign"], "ordered": False,
        "images": [there(f"{part}/a_png.rf.1.png", one(2, "traffic sign"), split=part) for part in ("train", "valid")],
        "problems": [],
    })

    case("csv", "spreadsheet", {
        # Excel in Europe: byte order mark, its own first line, semicolons, decimal commas, an index, blank lines, CRLF.
        "labels.csv": "\ufeffsep=;\r\n;Dateiname;Class;X_Max;X_Min;Y_Max;Y_Min;colour;filename\r\n\r\n"
                      "0;x; cat ;20,5;4,25;25;5;brown;a.png\r\n  ;;;;;;;;\r\n1;y;\"big; \"\"dog\"\"\";40;0;30;0;;\"a.png\"\r\n",
        "a.png": picture(1),
    }, {
        "format": "csv", "classes": ["cat", 'big; "dog"'], "ordered": False,
        "images": [there("a.png", one(4, "cat", (4.25, 5, 20.5, 25), attributes={"Dateiname": "x", "colour": "brown"}),
                         one(6, 'big; "dog"', (0, 0, 40, 30), attributes={"Dateiname": "y"}), size=(0, 0))],
        "problems": ['trimmed-class: labels.csv:4: class "cat " (1 object or image) is called "cat", without the blanks'],
    })

    # Two corners in one field: as corner and size they would lead out of the image.
    case("csv", "two-corners", {
        "labels.csv": "image,label,bbox\na.png,cat,\"[4, 5, 20, 25]\"\na.png,dog,\"[20, 10, 40, 30]\"\n", "a.png": picture(1),
    }, {
        "format": "csv", "classes": ["cat", "dog"], "ordered": False, "problems": [],
        "remarks": ["labels.csv: boxes are two corners: as corner and size 1 of 2 would lead out of their images"],
        "images": [there("a.png", one(2, "cat", (4, 5, 20, 25)), one(3, "dog", (20, 10, 40, 30)), size=(0, 0))],
    })

    case("csv", "fractions", {
        "labels.tsv": "image\tlabel\tx1\ty1\tx2\ty2\na.png\tcat\t0.1\t0.2\t0.5\t0.75\na.png\tdog\t0\t0\t1\t1.004\nb.png\t\t\t\t\t\n",
        "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "csv", "classes": ["cat", "dog"], "ordered": False,
        "remarks": ["labels.tsv: boxes are fractions of the image's size"],
        "images": [there("a.png", one(2, "cat", (0.1, 0.2, 0.5, 0.75), normalised=True),
                         one(3, "dog", (0, 0, 1, 1.004), normalised=True), size=(0, 0)), there("b.png", size=(0, 0))],
        "problems": [],
    })

    # A split of full boxes alone is what the others are.
    case("csv", "fractions-of-other-files", {
        "train_labels.csv": "image,label,x1,y1,x2,y2\na.png,cat,0.1,0.2,0.5,0.75\n",
        "test_labels.csv": "image,label,x1,y1,x2,y2\nb.png,dog,0,0,1,1\n",
        "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "csv", "classes": ["cat", "dog"], "ordered": False,
        "remarks": ["train_labels.csv: boxes are fractions of the image's size"],
        "images": [there("a.png", one(2, "cat", (0.1, 0.2, 0.5, 0.75), normalised=True), size=(0, 0), split="train"),
                   there("b.png", one(2, "dog", (0, 0, 1, 1), normalised=True), size=(0, 0), split="test")],
        "problems": [],
    })

    case("csv", "width-and-height", {
        "labels.csv": "image_name,label,x,y,w,h,image_width,image_height,split\na.png,cat,4,5,16,20,40,30,val\n",
        "centre.csv": "path,category,cx,cy,width,height\nb.png,cat,12,15,16,20\n",
        "text.csv": "image_id,class,bbox\nc,cat,\"[4.0, 5, 16, 20]\"\nd.png,cat,[]\n",
        "a.png": picture(1), "b.png": picture(2), "c.png": picture(3), "d.png": picture(4),
    }, {
        "format": "csv", "classes": ["cat"], "ordered": False,
        "images": [there("a.png", one(2), split="valid"), there("b.png", one(2), size=(0, 0)),
                   there("c.png", one(2), name="c", size=(0, 0)), there("d.png", size=(0, 0))],
        "problems": ['stale-name: text.csv:2: "c" was found as c.png'],
    })

    case("csv", "aliases", {
        "bccd.csv": "filename,cell_type,xmin,xmax,ymin,ymax\nimages/a.png,RBC,4,20,5,25\n",
        "mosquitos.csv": "img_fName,img_w,img_h,class_label,bbx_xtl,bbx_ytl,bbx_xbr,bbx_ybr,difficult,iscrowd\n"
                         "b.png,40,30,albopictus,4,5,20,25,1,no\n",
        "vott.csv": '"image","xmin","ymin","xmax","ymax","label"\n"c.png",4.0,5.0,20.0,25.0,"cat"\n',
        "images/a.png": picture(1), "images/b.png": picture(2), "images/c.png": picture(3),
    }, {
        "format": "csv", "classes": ["RBC", "albopictus", "cat"], "ordered": False,
        "images": [there("images/a.png", one(2, "RBC"), name="images/a.png", size=(0, 0)),
                   there("images/b.png", one(2, "albopictus", flags=["difficult", "not crowd"])), there("images/c.png", one(2), size=(0, 0))],
        "problems": [],
    })

    case("csv", "single-file", {
        "test_labels.csv": HEADER + "a.png,40,30,cat,4,5,20,25\n", "other.csv": HEADER + "b.png,40,30,cat,4,5,20,25\n",
        "images/a.png": picture(1), "images/b.png": picture(2),
    }, {
        "source": "test_labels.csv", "image_dirs": ["images"], "format": "csv", "classes": ["cat"], "ordered": False,
        "images": [there("a.png", one(2), split="test")], "problems": [], "remarks": ["images in no row, left out: 1"],
    })

    case("csv", "a-file-per-class", {
        "cat.csv": HEADER + "a.png,40,30,cat,4,5,20,25\n", "dog.csv": HEADER + "a.png,40,30,dog,1,2,3,4\n", "a.png": picture(1),
    }, {
        "format": "csv", "classes": ["cat", "dog"], "ordered": False,
        "images": [there("a.png", one(2), obj("dog", (1, 2, 3, 4), line=2, source="dog.csv"))], "problems": [],
    })

    # Udacity: CrowdAI's half. (The other has blanks between its fields.)
    case("csv", "udacity", {
        "labels_crowdai.csv": "xmin,ymin,xmax,ymax,Frame,Label,Preview URL\n4,5,20,25,a.png,Car,http://crowdai.com/1\n",
        "a.png": picture(1),
    }, {
        "format": "csv", "classes": ["Car"], "ordered": False,
        "images": [there("a.png", one(2, "Car", attributes={"Preview URL": "http://crowdai.com/1"}), size=(0, 0))],
        "problems": [],
    })

    # VoTT, make-sense and Kaggle's tables that name image, class and box.
    case("csv", "other-tools", {
        "vott-csv-export/cats-export.csv": '"image","xmin","ymin","xmax","ymax","label"\n"a.png",4.0,5.0,20.0,25.0,"cat"\n',
        "kaggle.csv": "image_name,label_name,x1,y1,w,h\nb.png,cat,4,5,16,20\n",
        "rows.csv": "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\ncat,4,5,16,20,c.png,40,30\n",
        "vott-csv-export/a.png": picture(1), "b.png": picture(2), "c.png": picture(3),
    }, {
        "format": "csv", "classes": ["cat"], "ordered": False,
        "images": [there("b.png", one(2), size=(0, 0)), there("c.png", one(2)), there("vott-csv-export/a.png", one(2), size=(0, 0))],
        "problems": [],
    })


def csv_bad() -> None:
    case("csv", "bad-no-class", {"labels.csv": "filename,xmin,ymin,xmax,ymax\na.png,1,2,3,4\n", "a.png": picture(1)}, {
        "from": "csv",
        "error": '{input}/labels.csv:1: no column for the class in the header "filename,xmin,ymin,xmax,ymax"',
    })
    case("csv", "bad-empty", {"labels.csv": "", "a.png": picture(1)}, {
        "source": "labels.csv", "from": "csv", "error": "{input}:1: the file is empty",
    })
    case("csv", "bad-not-there", {"a.png": picture(1)}, {
        "from": "csv",
        "error": "{input}: nothing of format csv there; looked for CSV files with a header that names the image, the class "
                 "and the box (filename,class,xmin,ymin,xmax,ymax)",
    })
    case("csv", "bad-splits", {
        "train_labels.csv": HEADER + "a.png,40,30,cat,4,5,20,25\nb.png,40,30,cat,4,5,20,25\n",
        "test_labels.csv": HEADER + "a.png,40,30,cat,4,5,20,25\n", "all.csv": HEADER + "b.png,40,30,cat,4,5,20,26\n",
        "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "csv", "classes": ["cat"], "ordered": False,
        "images": [there("a.png", obj("cat", (4, 5, 20, 25), line=2), split="test"),
                   there("b.png", obj("cat", (4, 5, 20, 26), line=2), split="train")],
        "problems": [
            'duplicate-image: train_labels.csv:2: image "a.png" is in train here, and in test at test_labels.csv:2',
            'duplicate-image: train_labels.csv:3: image "b.png" has other boxes at all.csv:2',
        ],
    })

    rows = [
        # What can be understood.
        ("good.png,40,30,cat,4,5,20,25", None),
        ("good.png,40,30,cat,4,5,20,25", "repeated-entry: labels.csv:{line}: the same row as line 2; taken once"),
        (" good.png , 41 ,30, cat ,4.5,5,20,25", "size-mismatch: labels.csv:{line}: size 41x30 here, 40x30 at line 2"),
        ("good.png,40,30,dog,20,25,4,5", None),
        ("good.png,40,30,dog,-4,5,44,25", None),
        ("good.png,wide,30,bird,\ufeff4,5,20,25",
         'ignored-field: labels.csv:{line}: width "wide" is no number of pixels; taken from the image'),
        ("no-extension,40,30,cat,4,5,20,25", 'stale-name: labels.csv:{line}: "no-extension" was found as images/no-extension.png'),
        ("other-extension.jpg,40,30,cat,4,5,20,25",
         'stale-name: labels.csv:{line}: "other-extension.jpg" was found as images/other-extension.png'),
        ("CASE.PNG,40,30,cat,4,5,20,25", 'stale-name: labels.csv:{line}: "CASE.PNG" was found as images/case.png'),
        (r"C:\data\windows.png,40,30,cat,4,5,20,25", None),
        ("file:///home/me/file%20url.png,40,30,cat,4,5,20,25", None),
        ("gs://bucket/bucket.png,40,30,cat,4,5,20,25", None),
        ("negative.png,40,30,,,,,", None),
        ("negative-too.png,,,cat,nan,NaN,None,", None),
        (HEADER.strip(), "loose-syntax: labels.csv:{line}: the header stands here again"),
        ("", None),
        # What cannot.
        ("good.png,40,30,cat,4,5,20", "bad-entry: labels.csv:{line}: 7 fields, the header has 8"),
        ("good.png,40,30,cat,4,5,20,25,26", "bad-entry: labels.csv:{line}: 9 fields, the header has 8"),
        ("good.png", "bad-entry: labels.csv:{line}: 1 field, the header has 8"),
        (",40,30,cat,4,5,20,25", "bad-entry: labels.csv:{line}: no image's name"),
        ("good.png,40,30,,4,5,20,25", "bad-entry: labels.csv:{line}: no class"),
        ("good.png,40,30,cat,4,,20,25", "bad-entry: labels.csv:{line}: no ymin"),
        ("good.png,40,30,cat,4,5,2O,25", 'bad-entry: labels.csv:{line}: xmax "2O" is no number'),
        ("good.png,40,30,cat,4,5,20,1e999", 'bad-entry: labels.csv:{line}: ymax "1e999" is no number'),
        ("good.png,40,30,cat,4,5,20,inf", 'bad-entry: labels.csv:{line}: ymax "inf" is no number'),
        ("missing.png,40,30,cat,4,5,20,25", 'missing-image: labels.csv:{line}: no image is called "missing.png"'),
        ("../../etc/passwd,40,30,cat,4,5,20,25",
         'outside-root: labels.csv:{line}: image "../../etc/passwd" lies outside the dataset\'s folders'),
        ("/etc/passwd,40,30,cat,4,5,20,25", 'missing-image: labels.csv:{line}: no image is called "/etc/passwd"'),
        ("twice.png,40,30,cat,4,5,20,25",
         'ambiguous-image: labels.csv:{line}: several images fit "twice.png": x/twice.png, y/twice.png'),
        ('"good.png,40,30,cat,4,5,20,25', "bad-entry: labels.csv:{line}: 1 field, the header has 8 (a quote holds lines {line} to {next} together)"),
        ("good.png,40,30,never,4,5,20,25", None),
    ]
    problems = [text.format(line=line, next=line + 1) for line, (_, text) in enumerate(rows, 2) if text]
    padded = next(line for line, (row, _) in enumerate(rows, 2) if " cat " in row)
    problems.append(f'trimmed-class: labels.csv:{padded}: class "cat " (1 object or image) is called "cat", without the blanks')
    names = ["good", "no-extension", "other-extension", "case", "windows", "file url", "bucket", "negative", "negative-too"]

    def single(line, name="cat"):
        return obj(name, (4, 5, 20, 25), line=line)

    case("csv", "faults", {
        "labels.csv": HEADER + "\n".join(row for row, _ in rows) + "\n", "x/twice.png": picture(20), "y/twice.png": picture(21),
    } | {f"images/{name}.png": picture(number) for number, name in enumerate(names)}, {
        "format": "csv", "classes": None, "any_order": True, "problems": problems,
        "images": [
            image("../../etc/passwd", single(28), name="../../etc/passwd"), image("/etc/passwd", single(29), name="/etc/passwd"),
            there("images/bucket.png", single(13), name="gs://bucket/bucket.png"),
            there("images/case.png", single(10), name="CASE.PNG"),
            there("images/file url.png", single(12), name="file:///home/me/file%20url.png"),
            there("images/good.png", single(2), obj("cat", (4.5, 5, 20, 25), line=4), obj("dog", (20, 25, 4, 5), line=5),
                  obj("dog", (-4, 5, 44, 25), line=6), single(7, "bird")),
            there("images/negative-too.png", size=(0, 0)),
            there("images/negative.png"),
            there("images/no-extension.png", single(8), name="no-extension"),
            there("images/other-extension.png", single(9), name="other-extension.jpg"),
            there("images/windows.png", single(11), name=r"C:\data\windows.png"),
            image("missing.png", single(27)), image("twice.png", single(30)),
        ],
    })

    case("csv", "bad-mixed", {
        "labels.csv": "filename,class,xmin,ymin,xmax,ymax\na.png,cat,0.1,0.2,0.5,0.75\na.png,cat,0.1,0.2,0.6,0.75\na.png,cat,4,5,20,25\n",
        "a.png": picture(1),
    }, {
        "format": "csv", "classes": ["cat"], "ordered": False, "remarks": ["labels.csv: boxes are fractions of the image's size"],
        "images": [there("a.png", obj("cat", (0.1, 0.2, 0.5, 0.75), line=2, normalised=True),
                         obj("cat", (0.1, 0.2, 0.6, 0.75), line=3, normalised=True), size=(0, 0))],
        "problems": ["bad-entry: labels.csv:4: xmin,ymin,xmax,ymax reaches 4 where the file's other boxes are fractions of the image's size"],
    })


def make_sense() -> None:
    """make-sense's export, of earlier versions without a header."""
    rows = 'cat,4,5,16,20,a.png,40,30\n"big, dog",0,0,40,30,b.png,40,30\n'
    header = "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\n"
    file = "labels_my-project-name_2024-05-01-09-30-00.csv"
    for name, before, what in (("make-sense", "", "make-sense's rows, without a header"), ("make-sense-with-header", header, "a header with image, class and box")):
        first = 2 if before else 1
        case("csv", name, {file: before + rows, "a.png": picture(1), "b.png": picture(2)}, {
            "reason": f"{file} has {what}",
            "format": "csv", "classes": ["cat", "big, dog"], "ordered": False, "problems": [],
            "images": [there("a.png", obj("cat", (4, 5, 20, 25), line=first)), there("b.png", obj("big, dog", (0, 0, 40, 30), line=first + 1))]})
    case("csv", "bad-make-sense", {"labels.csv": rows + "cat,4,x,16,20,a.png,40,30\n", "a.png": picture(1), "b.png": picture(2)}, {
        "format": "csv", "problems": ['bad-entry: labels.csv:3: bbox_y "x" is no number'],
        "images": [there("a.png", obj("cat", (4, 5, 20, 25), line=1)), there("b.png", obj("big, dog", (0, 0, 40, 30), line=2))]})


def make() -> None:
    make_sense()
    csv_good()
    csv_bad()
